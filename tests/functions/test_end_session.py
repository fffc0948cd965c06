"""DELETE /auth/sessions/{sid}, event in and answer out."""

from typing import Any

import pytest

from sallyport.accounts.user import User
from tests.support.builders import an_audit
from tests.support.deployed import Answer, Stack, sample
from tests.support.tokens import unverified_claims
from tests.support.wire import Wire


def is_alive(stack: Stack, login: Answer) -> bool:
    authorizes: bool = stack.authorize(login.body["access_token"])["isAuthorized"]
    assert (stack.refresh(login.body["refresh_token"]).status == 200) == authorizes
    return authorizes


def entries(stack: Stack, sid: str) -> list[Any]:
    return [item for item in stack.table.partition("REVOKED#0") if item.get("sid") == sid]


def test_a_user_ends_another_session_of_theirs_and_no_third(stack: Stack, user: User) -> None:
    here, lost_phone, tablet = (stack.log_in(user) for _ in range(3))

    answer = stack.end_session(here.body["access_token"], lost_phone.body["session_id"])

    assert (answer.status, answer.body) == (204, {})
    assert not is_alive(stack, lost_phone)
    assert is_alive(stack, here)
    assert is_alive(stack, tablet)
    assert len(entries(stack, lost_phone.body["session_id"])) == 1


def test_a_user_may_end_the_session_they_are_in(stack: Stack, user: User) -> None:
    here = stack.log_in(user)

    assert stack.end_session(here.body["access_token"], here.body["session_id"]).status == 204

    assert not is_alive(stack, here)


def test_ending_it_again_is_204_and_fills_no_list(stack: Stack, user: User) -> None:
    here, there = stack.log_in(user), stack.log_in(user)
    sid = there.body["session_id"]

    assert [stack.end_session(here.body["access_token"], sid).status for _ in range(3)] == [204, 204, 204]

    assert len(entries(stack, sid)) == 1


def test_another_users_session_is_204_and_lives_on(stack: Stack, user: User) -> None:
    here, stranger = stack.log_in(user), stack.log_in(stack.new_user())

    assert stack.end_session(here.body["access_token"], stranger.body["session_id"]).status == 204

    assert is_alive(stack, stranger)
    assert entries(stack, stranger.body["session_id"]) == []


@pytest.mark.parametrize(
    "sid",
    ["x", "A" * 21, "A" * 23, "A" * 2000, "../../USER", "SESSIONS#x", "é" * 22, "A" * 21 + "\n", "", "A" * 21 + "#"],
)
def test_l10_what_can_be_no_session_is_204_and_never_reaches_a_key(
    stack: Stack, user: User, wire: Wire, sid: str
) -> None:
    here = stack.log_in(user)
    wire.reset()

    assert stack.end_session(here.body["access_token"], sid).status == 204

    assert wire.calls == ["BatchGetItem"]


@pytest.mark.parametrize("way", ["logout", "everywhere", "token", "disabled", "deleted"])
def test_a_revoked_token_ends_nothing_whatever_the_authorizers_mode(stack: Stack, user: User, way: str) -> None:
    """In `bounded` and `stateless` the authorizer may let it pass."""
    revoked, victim = stack.log_in(user), stack.log_in(user)
    claims = unverified_claims(revoked.body["access_token"])
    now_ms = stack.now * 1000
    match way:
        case "logout":
            stack.log_out(refresh_token=revoked.body["refresh_token"])
        case "everywhere":
            stack.log_out(refresh_token=revoked.body["refresh_token"], everywhere=True)
        case "token":
            stack.revocations.revoke_token(claims["jti"], now_ms=now_ms)
        case "disabled":
            stack.accounts.disable(user, an_audit(user, now_ms))
        case "deleted":
            stack.accounts.delete(user, an_audit(user, now_ms))

    answer = stack.end_session(revoked.body["access_token"], victim.body["session_id"])

    assert (answer.status, answer.body["code"]) == (401, "invalid_token")
    assert entries(stack, victim.body["session_id"]) == []


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
def test_a_table_that_is_away_is_a_503_and_nothing_has_ended(
    stack: Stack, user: User, wire: Wire, operation: str
) -> None:
    here, there = stack.log_in(user), stack.log_in(user)
    wire.refuse(operation)
    answer = stack.end_session(here.body["access_token"], there.body["session_id"])
    wire.reset()

    assert (answer.status, answer.body["code"]) == (503, "service_unavailable")
    assert is_alive(stack, there)


@pytest.mark.parametrize("missing", ["sub", "sid", "jti", "ver"])
def test_a_caller_of_whom_the_authorizer_says_too_little_is_401(stack: Stack, missing: str) -> None:
    event = sample("account_session_ended")
    del event["requestContext"]["authorizer"]["lambda"][missing]

    answer = stack.call("Account", event)

    assert (answer.status, answer.body["code"]) == (401, "invalid_token")
