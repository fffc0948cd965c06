"""The statistics by which `make prove` says whether time tells who has an account."""

from random import Random

import pytest

from benchmarks.enumeration import FULL, Times, report, told


def drawn(count: int, *, mean: float = 40.0, spread: float = 1.0, seed: int = 1) -> list[float]:
    random = Random(seed)
    return [random.gauss(mean, spread) for _ in range(count)]


@pytest.mark.parametrize(
    ("base", "other", "auc"),
    [
        ([1, 2, 3], [1, 2, 3], 0.5),
        ([1, 2, 3], [4, 5], 1.0),
        ([4, 5], [1, 2, 3], 0.0),
        ([1, 3], [2], 0.5),
        ([1, 1, 2], [1, 3], (1 + 3) / 6),
    ],
)
def test_the_auc_is_how_often_the_other_takes_longer_and_a_tie_is_half_a_time(
    base: list[float], other: list[float], auc: float
) -> None:
    assert told(base, other).auc == pytest.approx(auc)


def test_two_kinds_that_take_the_same_are_not_told_apart() -> None:
    found = told(drawn(FULL, seed=1), drawn(FULL, seed=2))

    assert not found.is_told
    assert found.low < 0.5 < found.high
    assert found.high - found.low == pytest.approx(0.05, abs=0.002)


def test_a_difference_of_a_third_of_the_spread_is_told_apart_however_small_it_is() -> None:
    """0.3 ms, as between an address with and one without an account before there were decoys."""
    assert told(drawn(FULL), drawn(FULL, mean=40.3, seed=2)).is_told
    assert told(drawn(FULL), drawn(FULL, mean=39.7, seed=2)).is_told


def test_medians_apart_by_more_than_five_milliseconds_are_told_unless_chance_explains_it() -> None:
    many, few = drawn(4 * FULL, spread=100), drawn(30, spread=100)

    assert told(many, drawn(4 * FULL, mean=48, spread=100, seed=2)).is_told
    assert not told(few, drawn(30, mean=46, spread=100, seed=2)).is_told


def test_few_samples_accuse_nobody_by_chance() -> None:
    few = told(drawn(20), drawn(20, mean=40.2, seed=5))

    assert few.low < 0.55
    assert not few.is_told


def test_a_report_names_what_is_told_apart() -> None:
    base, same, slow = (Times(drawn(FULL, mean=mean, seed=mean), [1.0] * FULL) for mean in (40, 40, 47))

    lines = dict(report({"no account": base, "account": same, "disabled": slow}))

    assert list(lines.values()) == [False, False, True]
    assert [line.endswith("TOLD APART") for line in lines] == [False, False, True]
