"""How results of benchmarks are kept, compared and shown."""

from dataclasses import replace

import pytest

from benchmarks import page
from benchmarks.measured import Row, Times, as_json, difference, group, groups_in, row

BASE = Times(cpu=[2.0, 2.2, 4.0])


def test_a_ratio_is_between_the_least_of_one_run_and_its_noise_between_least_and_median() -> None:
    found = row(Times(cpu=[8.8, 4.4, 6.6]), BASE)

    assert (found.cpu_min_ms, found.cpu_median_ms) == (4.4, 6.6)
    assert (found.ratio_low, found.cpu_ratio, found.ratio_high) == (2.0, 2.2, 3.3)


def test_the_first_of_a_group_is_its_base() -> None:
    found = group({"constant": BASE, "login": Times(cpu=[20.0])}, {"login": 6})

    assert found["constant"].cpu_ratio == 1
    assert (found["login"].cpu_ratio, found["login"].budget) == (10, 6)


def test_what_is_beside_a_part_is_subtracted_round_by_round() -> None:
    beside = Times(cpu=[30.0, 50.0]).minus(Times(cpu=[20.0, 35.0]))

    assert beside.cpu == [10.0, 15.0]


@pytest.mark.parametrize(("ratio", "is_over"), [(2.5, False), (2.51, True)])
def test_a_budget_is_the_most_that_is_allowed(ratio: float, is_over: bool) -> None:
    assert replace(row(BASE, BASE, budget=2.5), cpu_ratio=ratio).is_over is is_over


BEFORE = Row(cpu_min_ms=2, cpu_median_ms=2.2, cpu_ratio=2, ratio_low=1.9, ratio_high=2.2)


@pytest.mark.parametrize(
    ("ratio", "low", "high", "told"),
    [
        (2.0, 1.9, 2.2, "+0%"),
        (2.2, 2.1, 2.3, "+10%"),  # as high as the noise of the last run
        (2.3, 2.0, 2.4, "+15%"),  # above it, but its own noise reaches down to the last ratio
        (2.3, 2.1, 2.4, "+15% WORSE"),
        (1.8, 1.7, 2.0, "-10%"),
        (1.8, 1.7, 1.9, "-10% better"),
    ],
)
def test_a_ratio_is_worse_or_better_only_beyond_the_noise_of_both_runs(
    ratio: float, low: float, high: float, told: str
) -> None:
    now = replace(BEFORE, cpu_ratio=ratio, ratio_low=low, ratio_high=high)

    assert difference(now, BEFORE) == told


def test_what_was_never_measured_is_new() -> None:
    assert difference(BEFORE, None) == "new"


def test_results_are_read_as_they_were_kept() -> None:
    kept = group({"constant": BASE, "login": Times(cpu=[20.0], imported=[7.0])}, {"login": 6})

    assert groups_in(as_json({"date": "2026-11-26"}, {"cold": kept}), ["cold", "warm"]) == {"cold": kept}


def test_results_that_were_kept_otherwise_are_no_base_of_a_comparison() -> None:
    assert groups_in('{"cold": {"constant": {"cpu_min_ms": 1}}}', ["cold"]) == {}


def test_the_page_shows_the_results_that_are_committed() -> None:
    shown = page.PAGE.read_text()

    assert page.filled_in(shown, page.RESULTS.read_text()) == shown
    for title in (*page.TITLES, "about"):
        assert f"<!-- {title} from results.json -->\n\n" in shown
