"""Invariant 2: a stolen refresh token dies, and whoever uses it late ends the session."""

import pytest

from tests.proof.rule import ours
from tests.proof.search import explore
from tests.proof.searches import THEFT, Search
from tests.proof.thief import COPY_REFRESHES, OWNER_ROTATES, TheftWorld
from tests.proof.variants import is_shared_for_ever


@pytest.mark.only_in_check
@pytest.mark.parametrize("search", THEFT, ids=lambda one: one.name)
def test_a_stolen_token_dies(search: Search) -> None:
    report, _ = explore(search.world, max_depth=search.max_depth)

    assert report.counterexample is None
    assert report.closed == (search.max_depth is None)


def test_no_session_is_shared_for_ever() -> None:
    assert is_shared_for_ever(ours) is None


@pytest.mark.only_in_check
def test_the_search_meets_every_way_in_which_a_theft_comes_to_light() -> None:
    world = TheftWorld(most_exchanges=1)
    _, came_from = explore(world)

    moves = [(state, move) for state in came_from for move in world.moves(state)]
    ends = {
        (state.over, state.usurped, move.words.split("'")[0]) for state, move in moves if move.state.session is None
    }

    assert (True, False, "the thief") in ends
    assert (False, True, "the owner") in ends
    assert {move.gain for _, move in moves} == {"", OWNER_ROTATES, COPY_REFRESHES}
