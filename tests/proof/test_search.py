"""The search itself, in worlds small enough to see through."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.proof.forever import goes_on_for_ever
from tests.proof.search import Breach, Move, explore

TOO_MANY = Breach(1, "that is one too many")


@dataclass(frozen=True)
class Counter:
    """Counts up by one or two, and starts again after `last`; 7 breaks it."""

    last: int
    modulus: int = 100

    def start(self) -> int:
        return 0

    def moves(self, state: int) -> Iterator[Move[int]]:
        for step in (1, 2):
            following = state + step
            if following > self.last:
                yield Move("again", 0, gain="again")
            else:
                yield Move(f"add {step}", following, TOO_MANY if following == 7 else None, f"by {step}")

    def reduced(self, state: int) -> int:
        return state % self.modulus


def test_a_search_that_runs_out_of_states_has_seen_them_all() -> None:
    report, came_from = explore(Counter(last=6))

    assert report.closed
    assert report.counterexample is None
    assert set(came_from) == set(range(7))
    assert report.states == 7
    assert report.transitions == 14


def test_a_search_that_is_cut_off_says_so() -> None:
    report, _ = explore(Counter(last=6), max_depth=3)

    assert not report.closed
    assert report.depth == 3


def test_a_counterexample_is_a_shortest_one() -> None:
    report, _ = explore(Counter(last=9))

    assert report.counterexample == ("add 1", "add 2", "add 2", "add 2", "invariant 1: that is one too many")


def test_a_search_for_other_invariants_passes_by() -> None:
    report, _ = explore(Counter(last=9), invariants=frozenset({2}))

    assert report.closed
    assert report.counterexample is None


def test_a_counterexample_is_told_with_the_real_numbers_though_the_search_reduced_them() -> None:
    @dataclass(frozen=True)
    class Odd(Counter):
        def moves(self, state: int) -> Iterator[Move[int]]:
            yield Move(f"{state} becomes {state + 3}", state + 3, TOO_MANY if state % 4 == 2 else None)

    report, _ = explore(Odd(last=99, modulus=4))

    assert report.counterexample == ("0 becomes 3", "3 becomes 6", "6 becomes 9", "invariant 1: that is one too many")


def test_a_breach_that_only_a_reduction_makes_up_is_no_counterexample() -> None:
    @dataclass(frozen=True)
    class Negated(Counter):
        def reduced(self, state: int) -> int:
            return 6 if state == 2 else state

    with pytest.raises(AssertionError, match="made up"):
        explore(Negated(last=9))


def test_what_can_be_repeated_goes_on_for_ever() -> None:
    story = goes_on_for_ever(Counter(last=3), frozenset({"by 1", "again"}))

    assert story == ("from here on, again and again:", "add 1", "add 1", "again")


def test_what_happens_only_once_does_not_go_on_for_ever() -> None:
    @dataclass(frozen=True)
    class Stopping(Counter):
        def moves(self, state: int) -> Iterator[Move[int]]:
            yield Move("on", min(state + 1, self.last), gain="on" if state < self.last else "")

    story = goes_on_for_ever(Stopping(last=3), frozenset({"on"}))

    assert story is None
