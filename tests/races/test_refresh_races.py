"""R04: a few parallel refreshes of one token, many times."""

import pytest

from tests.races.arena import Arena
from tests.races.refreshing import race_late, race_quietly


@pytest.mark.parametrize(("callers", "rounds"), [(2, 20), (2, 200), (20, 60)])
def test_r04_late_one_rotates_and_each_of_the_others_recovers_a_token_of_its_own(
    arena: Arena, callers: int, rounds: int
) -> None:
    race_late(arena, callers, rounds)


@pytest.mark.parametrize(("callers", "rounds"), [(2, 4), (2, 40), (20, 12)])
def test_r04_quiet_all_converge_and_nothing_is_written(arena: Arena, callers: int, rounds: int) -> None:
    race_quietly(arena, callers, rounds)
