"""What was measured, as it is kept in results.json and compared with an earlier run."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, TypeAlias


@dataclass
class Times:
    """Milliseconds of one thing, a value a round: of its process's CPU, and of the wall where that was looked at.

    `imported` is the part of the CPU in which a new environment imported its function.
    """

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    imported: list[float] = field(default_factory=list)

    def minus(self, other: "Times") -> "Times":
        """Return what is left beside another thing, round by round."""
        return Times([mine - its for mine, its in zip(self.cpu, other.cpu, strict=True)])


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that was measured. `cpu_ratio` is how many times the base's least CPU its own least is.

    `ratio_low` and `ratio_high` are the noise of the run: the least beside the base's median, and the median beside
    the base's least. `budget` is the most that DESIGN allows of `cpu_ratio`.
    """

    cpu_min_ms: float
    cpu_median_ms: float
    cpu_ratio: float
    ratio_low: float
    ratio_high: float
    wall_min_ms: float | None = None
    wall_median_ms: float | None = None
    import_cpu_ms: float | None = None
    budget: float | None = None
    calls: int | None = None
    units: float | None = None

    @property
    def is_over(self) -> bool:
        return self.budget is not None and self.cpu_ratio > self.budget


Group: TypeAlias = dict[str, Row]
"""Things that were measured in turns, by their names. The first one is the base of the ratios."""


def row(times: Times, base: Times, *, budget: float | None = None, **counted: Any) -> Row:
    """Work out what is kept of one thing."""
    least, middle = min(times.cpu), median(times.cpu)
    return Row(
        cpu_min_ms=_short(least),
        cpu_median_ms=_short(middle),
        cpu_ratio=_short(least / min(base.cpu)),
        ratio_low=_short(least / median(base.cpu)),
        ratio_high=_short(middle / min(base.cpu)),
        wall_min_ms=_short(min(times.wall)) if times.wall else None,
        wall_median_ms=_short(median(times.wall)) if times.wall else None,
        import_cpu_ms=_short(min(times.imported)) if times.imported else None,
        budget=budget,
        **counted,
    )


def group(measured: Mapping[str, Times], budgets: Mapping[str, float | None] | None = None) -> Group:
    """Work out a group, whose first member is its base."""
    base = next(iter(measured.values()))
    return {name: row(times, base, budget=(budgets or {}).get(name)) for name, times in measured.items()}


def as_json(about: Mapping[str, Any], groups: Mapping[str, Group]) -> str:
    kept = {
        title: {
            name: {key: value for key, value in asdict(of).items() if value is not None} for name, of in rows.items()
        }
        for title, rows in groups.items()
    }
    return json.dumps({**about, **kept}, indent=2) + "\n"


def groups_in(text: str, titles: Sequence[str]) -> dict[str, Group]:
    """Read the groups of results.json. Those that an earlier benchmark had not, or kept otherwise, are left out."""
    results = json.loads(text)
    groups = {}
    for title in titles:
        rows = results.get(title, {})
        if rows and all("ratio_low" in row for row in rows.values()):
            groups[title] = {name: Row(**row) for name, row in rows.items()}
    return groups


def difference(now: Row, before: Row | None) -> str:
    """Say how a ratio has changed. Within the noise of both runs there is nothing to judge."""
    if before is None:
        return "new"
    change = f"{now.cpu_ratio / before.cpu_ratio - 1:+.0%}"
    if now.cpu_ratio > before.ratio_high and now.ratio_low > before.cpu_ratio:
        return f"{change} WORSE"
    if now.cpu_ratio < before.ratio_low and now.ratio_high < before.cpu_ratio:
        return f"{change} better"
    return change


def _short(value: float) -> float:
    """Round to four digits."""
    return float(f"{value:.4g}")
