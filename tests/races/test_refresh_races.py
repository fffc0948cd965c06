"""R04: parallel refreshes of one token, through the real functions on the embedded table."""

from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from sallyport.accounts.user import User
from tests.deployed import Answer, Stack


def gen(answer: Answer) -> int:
    assert answer.status == 200, answer.body
    return int(jwt.decode(answer.body["refresh_token"], options={"verify_signature": False})["gen"])


def refresh_at_once(stack: Stack, token: str, parallel: int) -> list[Answer]:
    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(stack.refresh, [token] * parallel))


@pytest.mark.parametrize(("parallel", "rounds"), [(2, 20), (20, 3)])
def test_every_caller_gets_a_token_of_his_own_and_the_first_late_use_makes_the_others_void(
    stack: Stack, user: User, parallel: int, rounds: int
) -> None:
    token = stack.log_in(user).body["refresh_token"]
    for _ in range(rounds):
        stack.clock.advance(60)
        answers = refresh_at_once(stack, token, parallel)

        generations = [gen(answer) for answer in answers]
        assert len(set(generations)) == parallel

        used, *voided = answers
        stack.clock.advance(60)
        token = stack.refresh(used.body["refresh_token"]).body["refresh_token"]
        assert stack.refresh(voided[-1].body["refresh_token"]).status == 409  # quiet: told to use the newer one


def test_a_refresh_and_a_logout_at_once_leave_nothing_alive(stack: Stack, user: User) -> None:
    for everywhere in (False, True) * 5:
        login = stack.log_in(user).body
        stack.clock.advance(60)
        with ThreadPoolExecutor(2) as pool:
            refreshing = pool.submit(stack.refresh, login["refresh_token"])
            leaving = pool.submit(stack.log_out, refresh_token=login["refresh_token"], everywhere=everywhere)

        assert leaving.result().status == 204
        tokens = [login, *([refreshing.result().body] if refreshing.result().status == 200 else [])]
        for pair in tokens:
            assert stack.refresh(pair["refresh_token"]).status == 401
            assert not stack.authorize(pair["access_token"])["isAuthorized"]
