"""POST /auth/logout, event in and answer out."""

import pytest

from sallyport.accounts.user import User
from tests.support.deployed import Answer, Stack, sample
from tests.support.tokens import unverified_claims
from tests.support.wire import Wire


def is_alive(stack: Stack, login: Answer) -> bool:
    """Tell whether a login's tokens still open anything."""
    refreshes = stack.refresh(login.body["refresh_token"]).status == 200
    authorizes: bool = stack.authorize(login.body["access_token"])["isAuthorized"]
    assert refreshes == authorizes
    return refreshes


def bearer(stack: Stack, token: str, **body: object) -> Answer:
    return stack.call("Logout", sample("logout_everywhere", body=body, authorization=f"Bearer {token}"))


def test_a_refresh_token_ends_its_own_session_and_no_other(stack: Stack, user: User) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)

    answer = stack.log_out(refresh_token=phone.body["refresh_token"])

    assert (answer.status, answer.body) == (204, {})
    assert not is_alive(stack, phone)
    assert is_alive(stack, laptop)


def test_an_access_token_does_too(stack: Stack, user: User) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)

    assert bearer(stack, phone.body["access_token"]).status == 204

    assert not is_alive(stack, phone)
    assert is_alive(stack, laptop)


def test_a_token_of_any_generation_ends_its_session(stack: Stack, user: User) -> None:
    login = stack.log_in(user)
    newest = login
    for _ in range(3):
        stack.clock.advance(60)
        newest = stack.refresh(newest.body["refresh_token"])

    stack.log_out(refresh_token=login.body["refresh_token"])

    assert not is_alive(stack, newest)


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_everywhere_ends_every_session_of_the_user_and_of_nobody_else(stack: Stack, user: User, kind: str) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)
    stranger = stack.log_in(stack.new_user())

    if kind == "refresh_token":
        assert stack.log_out(refresh_token=phone.body["refresh_token"], everywhere=True).status == 204
    else:
        assert bearer(stack, phone.body["access_token"], everywhere=True).status == 204

    assert not is_alive(stack, phone)
    assert not is_alive(stack, laptop)
    assert is_alive(stack, stranger)
    assert is_alive(stack, stack.log_in(user))


def test_everywhere_by_the_parent_ends_all(stack: Stack, user: User) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)
    stack.clock.advance(60)
    stack.refresh(phone.body["refresh_token"])

    stack.log_out(refresh_token=phone.body["refresh_token"], everywhere=True)

    assert not is_alive(stack, laptop)


def test_everywhere_by_a_token_that_was_left_behind_ends_only_its_session(stack: Stack, user: User) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)
    newest = phone
    for _ in range(2):
        stack.clock.advance(60)
        newest = stack.refresh(newest.body["refresh_token"])

    assert stack.log_out(refresh_token=phone.body["refresh_token"], everywhere=True).status == 204

    assert not is_alive(stack, newest)
    assert is_alive(stack, laptop)


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_everywhere_by_a_revoked_session_ends_nothing(stack: Stack, user: User, kind: str) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)
    stack.log_out(refresh_token=phone.body["refresh_token"])

    if kind == "refresh_token":
        assert stack.log_out(refresh_token=phone.body["refresh_token"], everywhere=True).status == 204
    else:
        assert bearer(stack, phone.body["access_token"], everywhere=True).status == 204

    assert is_alive(stack, laptop)


def test_everywhere_by_one_access_token_that_the_operator_revoked_ends_only_its_session(
    stack: Stack, user: User
) -> None:
    phone, laptop = stack.log_in(user), stack.log_in(user)
    jti = unverified_claims(phone.body["access_token"])["jti"]
    stack.table.put({"PK": f"JTI#{jti}", "SK": "JTI"})

    bearer(stack, phone.body["access_token"], everywhere=True)

    assert is_alive(stack, laptop)


def test_r11_logging_out_twice_is_the_same_as_once(stack: Stack, user: User, wire: Wire) -> None:
    login = stack.log_in(user)
    stack.log_out(refresh_token=login.body["refresh_token"])
    before = len(stack.table.partition("REVOKED#0"))

    for _ in range(3):
        assert stack.log_out(refresh_token=login.body["refresh_token"]).status == 204

    assert len(stack.table.partition("REVOKED#0")) == before


@pytest.mark.parametrize("body", [{}, {"everywhere": True}, {"refresh_token": ""}, {"refresh_token": "a.b.c"}])
def test_r11_no_credential_or_a_bad_one_is_still_204(stack: Stack, wire: Wire, body: dict[str, object]) -> None:
    answer = stack.log_out(**body)

    assert (answer.status, answer.body) == (204, {})
    assert not {"TransactWriteItems", "BatchGetItem"} & set(wire.calls)


def test_an_expired_token_is_204_and_changes_nothing(stack: Stack, user: User, wire: Wire) -> None:
    login = stack.log_in(user)
    stack.clock.advance(601)
    wire.reset()

    assert bearer(stack, login.body["access_token"]).status == 204

    assert "TransactWriteItems" not in wire.calls


def test_everywhere_must_be_true_or_false(stack: Stack, user: User) -> None:
    login = stack.log_in(user)

    answer = stack.log_out(refresh_token=login.body["refresh_token"], everywhere="true")

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert is_alive(stack, login)


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_logout_that_could_not_be_written_is_a_503(stack: Stack, user: User, wire: Wire, everywhere: bool) -> None:
    login = stack.log_in(user)
    wire.refuse("TransactWriteItems")
    answer = stack.log_out(refresh_token=login.body["refresh_token"], everywhere=everywhere)
    wire.reset()

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert is_alive(stack, login)


@pytest.mark.parametrize("everywhere", [False, True])
def test_a_conflict_with_another_transaction_is_waited_out(
    stack: Stack, user: User, wire: Wire, everywhere: bool
) -> None:
    login = stack.log_in(user)
    wire.reset()
    wire.conflict("TransactWriteItems", times=2)

    assert stack.log_out(refresh_token=login.body["refresh_token"], everywhere=everywhere).status == 204

    assert wire.calls.count("TransactWriteItems") == 3
    assert not is_alive(stack, login)
