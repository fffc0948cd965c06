"""R04: a hundred parallel refreshes of one token. A file of its own, so that it runs beside the others."""

from tests.races.arena import MOST_CALLERS, Arena
from tests.races.refreshing import race_late, race_quietly


def test_r04_late_one_of_a_hundred_rotates_and_each_of_the_others_recovers_a_token_of_its_own(arena: Arena) -> None:
    race_late(arena, MOST_CALLERS, rounds=20)


def test_r04_quiet_a_hundred_converge_and_nothing_is_written(arena: Arena) -> None:
    race_quietly(arena, MOST_CALLERS, rounds=4)
