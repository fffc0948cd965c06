"""What a request leaves behind for whoever investigates later, beside its answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trail:
    """The session that a request was about, of which only a digest is ever logged, and what else happened on the way.

    `also` holds words that are counted and logged as often as they stand there: `race_lost`, `sibling_skipped`.
    """

    sid: str = ""
    also: tuple[str, ...] = ()


NO_TRAIL = Trail()
