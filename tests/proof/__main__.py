"""Search deeper than the tests do, and say what was seen: `make prove`."""

import sys
from itertools import groupby
from time import perf_counter

from tests.proof.rule import ours
from tests.proof.search import explore
from tests.proof.searches import DEEP, Search
from tests.proof.variants import VARIANTS, Story, Variant, is_shared_for_ever


def main() -> int:
    """Run every search; the exit status is 1 if our rule breaks or another one does not."""
    print(f"{'our rule':88} {'depth':>5} {'states':>9} {'transitions':>11} {'seconds':>7}  result")
    as_it_should_be = [_search(search) for search in DEEP]
    as_it_should_be.append(_nobody_shares_for_ever())
    as_it_should_be += [_breaks(variant) for variant in VARIANTS]
    return 0 if all(as_it_should_be) else 1


def _search(search: Search) -> bool:
    began = perf_counter()
    report, _ = explore(search.world, max_depth=search.max_depth)
    took = perf_counter() - began
    result = "BROKEN" if report.counterexample else "holds, to the end" if report.closed else "holds so deep"
    numbers = f"{report.depth:5} {report.states:9,} {report.transitions:11,} {took:7.1f}"
    print(f"{search.name:88} {numbers}  {result}", flush=True)
    _tell(report.counterexample)
    return report.counterexample is None


def _nobody_shares_for_ever() -> bool:
    story = is_shared_for_ever(ours)
    print("no owner rotates for ever while a copy refreshes for ever:", "BROKEN" if story else "holds")
    _tell(story)
    return story is None


def _breaks(variant: Variant) -> bool:
    story = variant.story()
    print(f"\n{variant.name}: {variant.why if story else 'NOT BROKEN'}")
    _tell(story)
    return story is not None


def _tell(story: Story) -> None:
    for words, group in groupby(story or ()):
        times = len(list(group))
        print(f"    {words}" if times == 1 else f"    {words} ({times} times)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
