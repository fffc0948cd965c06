"""Measure everything, print one table, and compare it with what was committed last (`make bench`).

Trust the ratios, each to the first line of its group, and those of CPU: whatever else the machine does, it does to
all lines, which take turns.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from time import perf_counter
from typing import Any

import pytest

from benchmarks import cold, first_sight, growth, page, warm, work
from benchmarks.environments import Place, place
from benchmarks.measured import Group, Row, as_json, difference, groups_in
from benchmarks.page import RESULTS
from dev.sam.template import ROOT
from tests.support.emulator import LAYERS, FunctionFailed, what_is_missing

ROUNDS = 7

ON_A_PLACE: Mapping[str, Callable[[Place, int], Group]] = {
    "cold": cold.measure,
    "warm": warm.measure,
    "first_sight": first_sight.measure,
    "work": work.measure,
}
TITLES = {
    "cold": "New environment to first answer, x the constant's",
    "warm": "Warm authorizer, x the constant's",
    "first_sight": "First sight of a token, x jwt.decode's",
    "work": "Login and refresh, in RSA signatures",
    "growth": "Growing tables, x the smallest",
}
_VERSIONS = ("argon2-cffi-bindings", "botocore", "cryptography", "PyJWT")


def measured(only: list[str], rounds: int, *, full: bool) -> dict[str, Group]:
    """Measure the groups that are asked for, but for those in which a request fails. Say so on the way."""
    groups: dict[str, Group] = {}

    def add(title: str, measure: Callable[[], Group]) -> None:
        began = perf_counter()
        try:
            groups[title] = measure()
        except (AssertionError, FunctionFailed) as failure:
            print(f"{title}: not measured, because a request failed. Is the machine busy? {failure}", flush=True)
        else:
            print(f"{title}: {perf_counter() - began:.0f} s", flush=True)

    if set(only) & ON_A_PLACE.keys():
        with place() as deployed:
            for title, measure in ON_A_PLACE.items():
                if title in only:
                    add(title, lambda measure=measure: measure(deployed, rounds))  # type: ignore[misc]
    if "growth" in only:
        add("growth", lambda: growth.measure(rounds, full=full))
    return groups


def about_this_run(rounds: int) -> dict[str, Any]:
    """Return the machine, the versions of what the functions use, and the date."""
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "system": platform.system(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _commit(),
        "versions": _versions(),
        "rounds": rounds,
    }


def _versions() -> dict[str, str]:
    python = ROOT / ".venv-emulator/bin/python"
    found: dict[str, Distribution] = {each.name: each for each in distributions(path=list(map(str, LAYERS)))}
    return {
        "Python": _printed(str(python), "-c", "import platform; print(platform.python_version())"),
        "Node": _printed("node", "--version").removeprefix("v"),
        **{name: found[name].version for name in _VERSIONS},
        "dynoxide": json.loads((ROOT / "tests/node/package.json").read_text())["optionalDependencies"][
            "@dynoxide/linux-x64"
        ],
    }


def _commit() -> str:
    changed = _printed("git", "status", "--porcelain", "--", "layers", "functions", "template.yaml")
    return _printed("git", "rev-parse", "--short", "HEAD") + ("+" if changed else "")


def _printed(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603  # ours


def committed() -> dict[str, Group]:
    """Return the groups of results.json as it was committed last."""
    try:
        text = _printed("git", "show", f"HEAD:{RESULTS.relative_to(ROOT)}")
    except (OSError, subprocess.CalledProcessError):  # no git, or not a clone
        text = RESULTS.read_text() if RESULTS.exists() else "{}"
    return groups_in(text, list(TITLES))


def lines(groups: Mapping[str, Group], before: Mapping[str, Group]) -> Iterator[str]:
    """Yield the table: CPU in milliseconds, the ratios, and how those have changed since."""
    for title, rows in groups.items():
        yield ""
        heads = (
            f"{'CPU ms':>9}{'median':>9}{'import':>8}{'ratio':>8}{'budget':>8}{'wall ms':>9}{'calls':>6}{'units':>6}"
        )
        yield f"{TITLES[title]:<50}{heads}  since"
        for name, row in rows.items():
            yield f"  {name:<48}{_figures(row)}  {difference(row, before.get(title, {}).get(name))}"


def _figures(row: Row) -> str:
    over = "!" if row.is_over else ""
    return (
        f"{row.cpu_min_ms:>9.4g}{row.cpu_median_ms:>9.4g}{_number(row.import_cpu_ms):>8}{row.cpu_ratio:>8.2f}"
        f"{_number(row.budget) + over:>8}{_number(row.wall_min_ms):>9}{_number(row.calls):>6}{_number(row.units):>6}"
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if value < 10_000 else f"{value:.0f}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=TITLES, help="measure these groups, and keep no results")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--full", action="store_true", help="let tables grow to a million users")
    wanted = parser.parse_args(arguments)
    if missing := what_is_missing():
        print(missing)
        return 1
    try:
        groups = measured(wanted.only or list(TITLES), wanted.rounds, full=wanted.full)
    except pytest.skip.Exception as reason:
        print(f"Nothing was measured: {reason}")
        return 1
    print(*lines(groups, committed()), sep="\n")
    if len(groups) < len(wanted.only or TITLES):
        return 1
    if not wanted.only:
        RESULTS.write_text(as_json(about_this_run(wanted.rounds), groups))
        page.main()
        print(f"\nwritten to {RESULTS.relative_to(ROOT)} and {page.PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
