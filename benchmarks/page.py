"""The tables of docs/performance.md, made from results.json (`python -m benchmarks.page`). A test compares."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmarks.blocks import put
from benchmarks.measured import Group, Row, groups_in
from dev.sam.template import ROOT

RESULTS = ROOT / "benchmarks/results.json"
PAGE = ROOT / "docs/performance.md"
TITLES = ("cold", "warm", "first_sight", "work", "growth")

_MARK = "{} from results.json"


def filled_in(page: str, results: str) -> str:
    """Return the page with the tables that the results give."""
    groups, about = groups_in(results, TITLES), json.loads(results)
    for title in groups:
        table = "\n".join(_TABLES[title](groups[title]))
        page = put(page, _MARK.format(title), table)
    return put(page, _MARK.format("about"), about_the_run(about))


def about_the_run(about: Mapping[str, Any]) -> str:
    """Say in a sentence what was measured where."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"Measured on {about['date']} at commit {about['commit']}, on {about['machine']}, in {about['rounds']} rounds: "
        f"{versions}."
    )


def _cold(group: Group) -> Iterator[str]:
    yield "| a new environment, to its first answer | CPU, ms | of it import | times the constant's | budget |"
    yield "|---|---|---|---|---|"
    for name, row in group.items():
        yield f"| {name} | {row.cpu_min_ms:.0f} | {row.import_cpu_ms or 0:.0f} | {_ratio(row)} | {_budget(row)} |"


def _beside(what: str, unit: str) -> Callable[[Group], Iterator[str]]:
    def table(group: Group) -> Iterator[str]:
        yield f"| {what} | CPU, ms | {unit} | budget |"
        yield "|---|---|---|---|"
        for name, row in group.items():
            yield f"| {name} | {row.cpu_min_ms:.3g} | {_ratio(row)} | {_budget(row)} |"

    return table


def _growth(group: Group) -> Iterator[str]:
    yield "| a request | DynamoDB calls | units | CPU, ms | times that of one user |"
    yield "|---|---|---|---|---|"
    for name, row in group.items():
        yield f"| {name} | {row.calls:.0f} | {row.units:.3g} | {row.cpu_min_ms:.3g} | {_ratio(row)} |"


def _ratio(row: Row) -> str:
    """Return the ratio, and between what it lies in the noise of the run."""
    return f"{row.cpu_ratio:.3g} ({row.ratio_low:.3g} to {row.ratio_high:.3g})" if row.cpu_ratio != 1 else "1"


def _budget(row: Row) -> str:
    if row.budget is None:
        return ""
    return f"{row.budget:g}, {'**not met**' if row.is_over else 'met'}"


_TABLES: Mapping[str, Callable[[Group], Iterator[str]]] = {
    "cold": _cold,
    "warm": _beside("a warm environment, a request", "times the constant's"),
    "first_sight": _beside("a token that was never seen", "times `jwt.decode`'s"),
    "work": _beside("a request, or a part of one", "RSA signatures"),
    "growth": _growth,
}


def main() -> None:
    PAGE.write_text(filled_in(PAGE.read_text(), RESULTS.read_text()))


if __name__ == "__main__":
    main()
