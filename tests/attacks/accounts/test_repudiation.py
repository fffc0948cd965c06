"""Nobody can deny a change: a month of one account, and what the audit trail says of it."""

import pytest

from sallyport.audit import KEYS, Cause, Standing
from tests.attacks.accounts.visitor import NEW_PASSWORD, OTHER_PASSWORD, Visitor, an_address
from tests.support.deployed import Stack, sample
from tests.support.tokens import unverified_claims

pytestmark = pytest.mark.only_in_check

REQUEST = sample("logout_ended")["requestContext"]["requestId"]


def test_a_month_of_an_account_is_told_in_order_and_names_nobody_but_by_id(stack: Stack) -> None:
    person, email, moved_to = Visitor(stack), an_address(), an_address()
    sids: list[str] = []

    def enters(password: str, address: str = email) -> dict[str, str]:
        stack.clock.advance(60)
        tokens = person.log_in(address, password).body
        sids.append(tokens["session_id"])
        return tokens

    assert person.verify(person.registered(email).link, NEW_PASSWORD).status == 200
    first, second = enters(NEW_PASSWORD), enters(NEW_PASSWORD)
    user_id = str(unverified_claims(first["access_token"])["sub"])
    stack.clock.advance(61)
    newer = stack.refresh(first["refresh_token"]).body
    assert stack.end_session(newer["access_token"], second["session_id"]).status == 204
    assert stack.end_session(newer["access_token"], second["session_id"]).status == 204  # for nothing
    assert stack.log_out(refresh_token=newer["refresh_token"]).status == 204  # ordinary
    third = enters(NEW_PASSWORD)
    stack.clock.advance(1)
    assert person.change_password(third["access_token"], OTHER_PASSWORD, NEW_PASSWORD).status == 200
    stack.clock.advance(1)
    fourth = enters(OTHER_PASSWORD)
    asked = person.change_email(fourth["access_token"], moved_to, OTHER_PASSWORD)
    assert asked.status == 202
    assert person.confirm(fourth["access_token"], person.mail(moved_to).link).status == 204
    stack.clock.advance(1)
    assert stack.log_out(refresh_token=fourth["refresh_token"], everywhere=True).status == 204
    stack.clock.advance(1)
    assert person.reset(person.forgotten(moved_to).link, NEW_PASSWORD).status == 200
    fifth = enters(NEW_PASSWORD, moved_to)
    assert person.delete(fifth["access_token"], NEW_PASSWORD).status == 204

    trail = stack.audited(user_id)

    one, two, three, four, five = sids
    active = Standing((), "active")
    assert [(entry.action, entry.cause.sid, entry.sid, entry.before, entry.after) for entry in trail] == [
        ("user.verified", "", "", None, active),
        ("session.revoked", one, two, None, None),
        ("password.changed", three, "", None, None),
        ("email.changed", four, "", None, None),
        ("sessions.revoked", four, "", None, None),
        ("password.reset", "", "", None, None),
        ("user.deleted", five, "", active, None),
    ]
    assert {(entry.cause.by, entry.cause.request_id) for entry in trail} == {("self", REQUEST)}
    items = str(stack.table.partition(f"AUDIT#{user_id}"))
    for secret in (email, moved_to, person.ip, NEW_PASSWORD, OTHER_PASSWORD, "argon2", "agent"):
        assert secret not in items, secret


def test_a_replay_is_told_by_the_request_that_found_it(stack: Stack) -> None:
    user = stack.new_user()
    first = stack.log_in(user).body
    held = first
    for _ in range(2):
        stack.clock.advance(61)
        held = stack.refresh(held["refresh_token"]).body
    stack.clock.advance(61)

    for _ in range(2):
        assert stack.refresh(first["refresh_token"]).status == 401

    (found,) = (entry for entry in stack.audited(user.user_id) if entry.action == "session.replayed")
    assert found.cause == Cause("system", sample("refresh_rotated")["requestContext"]["requestId"])
    assert found.sid == first["session_id"]


def test_the_first_keys_are_told_in_the_name_of_the_system(stack: Stack) -> None:
    made = [entry for entry in stack.audited(KEYS) if entry.action == "key.created"]

    assert {(entry.use, entry.cause.by) for entry in made} == {("access", "system"), ("refresh", "system")}
    assert all(entry.kid and entry.cause.request_id for entry in made)
