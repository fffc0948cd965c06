"""The rotation rule, row by row of its table."""

import pytest

from sallyport.sessions.rotation import (
    Converged,
    Forged,
    Recovered,
    Replayed,
    Rotated,
    Rotation,
    Step,
    Superseded,
    next_step,
    opened,
    recover,
    reopen,
    rotate,
)
from tests.support.builders import DAY, MINUTE, SECOND, a_rotation

QUIET = 59 * SECOND
LATE = MINUTE

STATE = Rotation(floor=2, parent=4, first=6, head=8, rotated_at=0)


def step(gen: int, now_ms: int, state: Rotation = STATE) -> Step:
    return next_step(state, gen, now_ms=now_ms, leeway_ms=MINUTE)


@pytest.mark.parametrize("gen", [6, 7, 8])
def test_a_quiet_candidate_gets_itself_again(gen: int) -> None:
    assert step(gen, QUIET) == Converged()


@pytest.mark.parametrize("gen", [6, 7, 8])
def test_a_late_candidate_rotates_and_makes_its_siblings_void(gen: int) -> None:
    assert step(gen, LATE) == Rotated()
    assert rotate(STATE, gen, LATE) == Rotation(floor=4, parent=gen, first=9, head=9, rotated_at=LATE)


@pytest.mark.parametrize("now_ms", [QUIET, LATE, 29 * DAY * SECOND])
def test_the_parent_gets_a_new_sibling_of_the_unseen_token_however_late(now_ms: int) -> None:
    assert step(4, now_ms) == Recovered()
    assert recover(STATE) == Rotation(floor=2, parent=4, first=6, head=9, rotated_at=0)


@pytest.mark.parametrize("gen", [2, 3, 5])
def test_r03_a_quiet_straggler_above_the_floor_is_superseded(gen: int) -> None:
    assert step(gen, QUIET) == Superseded()


@pytest.mark.parametrize("gen", [2, 3, 5])
def test_r03_a_late_token_that_was_left_behind_is_a_replay(gen: int) -> None:
    assert step(gen, LATE) == Replayed()


@pytest.mark.parametrize("gen", [0, 1])
@pytest.mark.parametrize("now_ms", [QUIET, LATE])
def test_r03_a_token_below_the_floor_is_always_a_replay(gen: int, now_ms: int) -> None:
    assert step(gen, now_ms) == Replayed()


@pytest.mark.parametrize("now_ms", [QUIET, LATE])
def test_a_generation_that_was_never_issued_is_forged(now_ms: int) -> None:
    assert step(9, now_ms) == Forged()


@pytest.mark.parametrize(
    ("skew", "expected"), [(-59_999, Converged()), (-60_000, Rotated()), (59_999, Converged()), (60_000, Rotated())]
)
def test_quiet_ends_at_the_leeway_in_both_directions_of_clock_skew(skew: int, expected: Step) -> None:
    assert next_step(a_rotation(head=8, rotated_at=DAY), 8, now_ms=DAY + skew, leeway_ms=MINUTE) == expected


def test_login_issues_generation_one_as_the_only_candidate() -> None:
    state = opened(now_ms=7)

    assert state == Rotation(floor=0, parent=0, first=1, head=1, rotated_at=7)
    assert next_step(state, 1, now_ms=7 + LATE, leeway_ms=MINUTE) == Rotated()


def test_a_password_change_leaves_every_generation_behind() -> None:
    assert reopen(STATE, LATE) == Rotation(floor=8, parent=8, first=9, head=9, rotated_at=LATE)
