"""Which key signs, and when the next one is made: pure functions of (keys, now).

There is no flag that says which key is active, so nobody can set two of them or none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Use = Literal["access", "refresh"]

ROTATION_SECONDS = 90 * 86_400
PUBLISHED_BEFORE_USE_SECONDS = 2 * 3600  # gateways cache key sets that long


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A private key at rest. `ciphertext` opens only under the encryption context {use, kid}."""

    kid: str
    alg: str
    not_before: int
    created_at: int
    ciphertext: bytes = field(repr=False)


def active(records: Iterable[KeyRecord], *, now: int) -> KeyRecord | None:
    """Find the key that signs at `now`: the newest one whose time has come.

    Before the first one's time, by a clock that is behind, that one signs: a ring that has keys is never without one.
    """
    known = sorted(records, key=lambda record: (record.not_before, record.kid))
    started = [record for record in known if record.not_before <= now]
    return started[-1] if started else next(iter(known), None)


def missing(records: Iterable[KeyRecord], *, now: int) -> list[int]:
    """Say which keys should be made, each by the second from which it signs.

    In an empty ring one that signs at once; and always one standby, published long before its time.
    """
    known = list(records)
    signing = active(known, now=now)
    if signing is None:
        return [now, _next_start(now, now)]
    has_standby = any(record.not_before > now for record in known if record is not signing)
    return [] if has_standby else [_next_start(signing.not_before, now)]


def _next_start(since: int, now: int) -> int:
    return max(since + ROTATION_SECONDS, now + PUBLISHED_BEFORE_USE_SECONDS)
