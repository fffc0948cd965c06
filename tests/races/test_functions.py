"""The same races through the deployed functions, event in and answer out, with an environment for each caller."""

from functools import partial

import pytest

from sallyport.accounts.user import User
from tests.races.arena import at_once
from tests.support.deployed import Stack
from tests.support.service import LEEWAY, gen_of


@pytest.mark.parametrize(("callers", "rounds"), [(2, 5), (20, 1)])
def test_r04_every_caller_gets_a_token_of_its_own_and_the_first_late_use_makes_the_others_void(
    stack: Stack, user: User, callers: int, rounds: int
) -> None:
    token = stack.log_in(user).body["refresh_token"]
    for _ in range(rounds):
        stack.clock.advance(LEEWAY)
        answers = at_once([partial(stack.refresh, token)] * callers)

        assert {answer.status for answer in answers} == {200}
        assert len({gen_of(answer.body["refresh_token"]) for answer in answers}) == callers

        used, *voided = answers
        stack.clock.advance(LEEWAY)
        token = stack.refresh(used.body["refresh_token"]).body["refresh_token"]
        assert stack.refresh(voided[-1].body["refresh_token"]).status == 409  # quiet: told to use the newer one


@pytest.mark.parametrize("everywhere", [False, True])
def test_r05_a_refresh_and_a_logout_at_once_leave_nothing_alive(stack: Stack, user: User, everywhere: bool) -> None:
    for _ in range(5):
        login = stack.log_in(user).body
        stack.clock.advance(LEEWAY)
        present = partial(stack.refresh, login["refresh_token"])
        leave = partial(stack.log_out, refresh_token=login["refresh_token"], everywhere=everywhere)

        refreshed, left = at_once([present, leave])

        assert (left.status, refreshed.status in {200, 401}) == (204, True)
        for pair in [login, refreshed.body] if refreshed.status == 200 else [login]:
            assert stack.refresh(pair["refresh_token"]).status == 401
            assert not stack.authorize(pair["access_token"])["isAuthorized"]
