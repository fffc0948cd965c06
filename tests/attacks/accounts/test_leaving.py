"""docs/attacks.md, L31: deletion, and what is left of a user."""

import json
from collections.abc import Callable

import pytest

from sallyport.accounts.user import User
from tests.attacks.accounts.visitor import (
    NEW_PASSWORD,
    Visitor,
    an_address,
    deliver,
    everything,
    is_refused,
    tokens_of,
    user_of,
    waiting,
    without_counters,
    wrong,
)
from tests.support.builders import a_session
from tests.support.deployed import PASSWORD, Stack
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules

QUARTER = 15 * 60
MAIL_REQUESTS = "OTT#"
REVOCATIONS = "REVOKED#"
AUDIT = "AUDIT#"


def left_of(stack: Stack, user: User, *known_as: str) -> set[str]:
    """Read the whole table, and return the kinds of items that say anything of a user."""
    marks = (user.user_id, user.email, *known_as)
    return {
        item["PK"]["S"].partition("#")[0] + "#"
        for item in everything(stack)
        if any(mark in json.dumps(item, default=str) for mark in marks)
    }


def a_busy_user(stack: Stack, visitor: Visitor) -> tuple[User, str]:
    """Someone who has done everything: registered, moved, forgot, guessed, logged in thirty times, logged out."""
    first, email = an_address(), an_address()
    assert visitor.verify(visitor.registered(first).code).status == 200
    registered = user_of(stack, first)
    assert registered is not None
    token = tokens_of(stack, registered, NEW_PASSWORD)["access_token"]
    assert visitor.change_email(token, email, NEW_PASSWORD).status == 202
    assert visitor.confirm(token, visitor.mail(email).link).status == 204
    mail = visitor.forgotten(email)
    visitor.reset(wrong(mail.code))
    assert visitor.reset(mail.link, PASSWORD).status == 200
    user = user_of(stack, email)
    assert user is not None
    logins = [tokens_of(stack, user) for _ in range(4)]
    stack.end_session(logins[0]["access_token"], logins[1]["session_id"])
    stack.log_out(refresh_token=logins[2]["refresh_token"])
    visitor.forgot(email)
    visitor.register(email)
    stack.deployment.mail.drain()
    return user, str(logins[3]["access_token"])


def test_l31_nothing_is_left_but_mail_requests_which_end_and_ids_in_the_audit_trail(
    stack: Stack, visitor: Visitor
) -> None:
    user, token = a_busy_user(stack, visitor)
    assert {"USER#", "CREDENTIAL#", "EMAIL#", "SESSIONS#", MAIL_REQUESTS} <= left_of(stack, user)
    counters = [item for item in everything(stack) if item["PK"]["S"].startswith("THROTTLE#")]

    assert visitor.delete(token).status == 204

    assert left_of(stack, user) <= {MAIL_REQUESTS, REVOCATIONS, AUDIT}
    after = everything(stack)
    assert user.email not in repr([item for item in after if item["PK"]["S"].startswith(AUDIT)])
    assert len(counters) - len([item for item in after if item["PK"]["S"].startswith("THROTTLE#")]) == 2
    for item in after:
        if item["PK"]["S"].startswith(MAIL_REQUESTS):
            assert int(item["ttl"]["N"]) <= stack.now + 1800 + 86_400
        if item["PK"]["S"].startswith(REVOCATIONS):
            assert user.email not in json.dumps(item)
            assert int(item["ttl"]["N"]) <= stack.now + 2 * 86_400


def test_l31_every_session_is_gone_and_every_token_dead(stack: Stack, visitor: Visitor, user: User) -> None:
    logins = [tokens_of(stack, user) for _ in range(3)]

    assert visitor.delete(logins[0]["access_token"]).status == 204

    for login in logins:
        assert not stack.authorize(login["access_token"])["isAuthorized"]
        assert stack.refresh(login["refresh_token"]).status == 401
    assert stack.sessions.of_user(user.user_id) == []
    assert visitor.delete(logins[0]["access_token"]).status == 401
    assert visitor.log_in(user.email).status == 401


def test_l31_more_sessions_than_one_call_deletes_are_deleted(stack: Stack, visitor: Visitor, user: User) -> None:
    token = tokens_of(stack, user)["access_token"]
    for _ in range(60):
        stack.keep(a_session(user))

    assert visitor.delete(token).status == 204
    assert stack.sessions.of_user(user.user_id) == []


def test_l31_the_owner_is_told(stack: Stack, visitor: Visitor, user: User) -> None:
    assert visitor.delete(tokens_of(stack, user)["access_token"]).status == 204

    (mail,) = visitor.mails(user.email)
    assert not mail.proves()


def test_l31_what_was_mailed_before_opens_nothing_after_and_touches_nobody_else(
    stack: Stack, visitor: Visitor, user: User
) -> None:
    token, new = tokens_of(stack, user)["access_token"], an_address()
    visitor.change_email(token, new)
    moving, reset = visitor.mail(new), visitor.forgotten(user.email)
    assert visitor.delete(token).status == 204
    assert visitor.elsewhere().verify(visitor.registered(user.email).link, NEW_PASSWORD).status == 200
    stranger = user_of(stack, user.email)
    assert stranger is not None
    strangers = tokens_of(stack, stranger, NEW_PASSWORD)["access_token"]

    for proof in (reset.link, reset.code):
        assert visitor.reset(proof, PASSWORD).body["code"] == "invalid_token"
    for proof in (moving.link, moving.code):
        assert visitor.confirm(strangers, proof).body["code"] == "invalid_token"
        assert visitor.confirm(token, proof).status == 401

    assert user_of(stack, user.email) == stranger
    assert visitor.log_in(user.email, NEW_PASSWORD).status == 200


def test_l31_the_mail_that_an_account_began_with_begins_no_second_one(stack: Stack, visitor: Visitor) -> None:
    """It is used, although the address is free again."""
    email = an_address()
    mail = visitor.registered(email)
    assert visitor.verify(mail.link).status == 200
    account = user_of(stack, email)
    assert account is not None
    assert visitor.delete(tokens_of(stack, account, NEW_PASSWORD)["access_token"], NEW_PASSWORD).status == 204

    for proof in (mail.link, mail.code):
        assert is_refused(visitor.verify(proof))

    assert user_of(stack, email) is None


def test_l31_a_message_that_waited_brings_nothing_of_the_user_back(stack: Stack, visitor: Visitor, user: User) -> None:
    token, new = tokens_of(stack, user)["access_token"], an_address()
    visitor.forgot(user.email)
    visitor.change_email(token, new)
    messages = waiting(stack)
    assert visitor.delete(token).status == 204
    waiting(stack)

    deliver(stack, messages)

    assert left_of(stack, user) <= {MAIL_REQUESTS, REVOCATIONS, AUDIT}
    assert not [mail for mail in visitor.mails(user.email) + visitor.mails(new) if mail.proves()]


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem", "Query", "BatchWriteItem", "TransactWriteItems"])
@pytest.mark.parametrize("how", ["refuse", pytest.param("lose_answers", marks=pytest.mark.only_in_check)])
def test_l31_after_a_failure_at_any_step_the_user_can_ask_again(
    stack: Stack, visitor: Visitor, user: User, wire: Wire, operation: str, how: str
) -> None:
    here = tokens_of(stack, user)["access_token"]
    others = [tokens_of(stack, user) for _ in range(2)]
    visitor.forgot(user.email)
    waiting(stack)
    getattr(wire, how)(operation)
    failed = visitor.delete(here)
    wire.reset()

    again = visitor.delete(here)

    if how == "lose_answers" and operation == "TransactWriteItems":
        # The account is gone, whoever heard of it; the token that could ask again is gone with it.
        assert (failed.status, again.status) == (503, 401)
    else:
        assert (failed.status, again.status) == (503, 204)
    assert user_of(stack, user.email) is None
    assert left_of(stack, user) <= {MAIL_REQUESTS, REVOCATIONS, AUDIT}
    for login in others:
        assert stack.refresh(login["refresh_token"]).status == 401


@pytest.mark.parametrize("step", ["BatchWriteItem", "TransactWriteItems"])
def test_l31_a_deletion_that_has_begun_lets_nobody_in_for_a_quarter_of_an_hour(
    stack: Stack, visitor: Visitor, user: User, wire: Wire, step: str
) -> None:
    """A session that is opened meanwhile would outlive the user."""
    here = tokens_of(stack, user)["access_token"]
    tokens_of(stack, user)
    wire.refuse(step)
    assert visitor.delete(here).status == 503
    wire.reset()

    assert visitor.log_in(user.email).status == 503
    stack.clock.advance(QUARTER - 1)
    assert visitor.log_in(user.email).status == 503
    stack.clock.advance(1)
    assert visitor.log_in(user.email).status == 200
    assert visitor.delete(tokens_of(stack, user)["access_token"]).status == 204
    assert stack.sessions.of_user(user.user_id) == []


def _wrong_password(visitor: Visitor, token: str) -> int:
    return visitor.delete(token, "wrong horse battery staple").status


def _no_password(visitor: Visitor, token: str) -> int:
    return visitor.send("/auth/me/delete", token).status


def _nobody(visitor: Visitor, _: str) -> int:
    return visitor.send("/auth/me/delete", None, password=PASSWORD).status


@pytest.mark.parametrize(("ask", "status"), [(_wrong_password, 403), (_no_password, 400), (_nobody, 401)])
def test_l31_nobody_is_deleted_without_their_password(
    stack: Stack, visitor: Visitor, user: User, ask: Callable[[Visitor, str], int], status: int
) -> None:
    token = tokens_of(stack, user)["access_token"]
    before = without_counters(stack)

    assert ask(visitor, token) == status

    assert without_counters(stack) == before


def test_l31_an_account_that_is_begun_anew_has_nothing_of_the_old_one(
    stack: Stack, visitor: Visitor, user: User
) -> None:
    tokens = tokens_of(stack, user)
    visitor.delete(tokens["access_token"])

    assert visitor.verify(visitor.registered(user.email).link, PASSWORD).status == 200

    anew = user_of(stack, user.email)
    assert anew is not None
    assert (anew.user_id != user.user_id, anew.roles, anew.token_version) == (True, (), 1)
    assert not stack.authorize(tokens["access_token"])["isAuthorized"]
    assert stack.refresh(tokens["refresh_token"]).status == 401
