"""Describe a user to themselves, as long as their token is good."""

from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.errors import TokenDead, Unavailable
from sallyport.sessions.session import Session, SessionStore
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.describe_user import DescribeUser
from tests.support.builders import NOW, SECOND, a_token
from tests.support.calls import Calls
from tests.support.fakes import Memory


@pytest.fixture
def caller(user: User, session: Session) -> AccessToken:
    return a_token(sid=session.sid, sub=user.user_id, ver=user.token_version)


@pytest.fixture
def describe_user(sessions: SessionStore) -> DescribeUser:
    return DescribeUser(sessions=sessions, clock=lambda: NOW * SECOND)


def test_the_caller_is_described_as_they_are_today(
    describe_user: DescribeUser, memory: Memory, calls: Calls, user: User, caller: AccessToken
) -> None:
    memory.users[user.user_id] = today = replace(user, roles=("auditor",))

    assert describe_user(caller) == today
    assert calls.made == ["load_all"]


def test_a_caller_whose_session_has_ended_learns_nothing(
    describe_user: DescribeUser, memory: Memory, session: Session, caller: AccessToken
) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=NOW)

    with pytest.raises(TokenDead) as refused:
        describe_user(caller)

    assert refused.value.why == "revoked"


def test_a_token_that_was_revoked_describes_nobody(
    describe_user: DescribeUser, memory: Memory, caller: AccessToken
) -> None:
    memory.revoked_tokens.add(caller.jti)

    with pytest.raises(TokenDead) as refused:
        describe_user(caller)

    assert refused.value.why == "jti"


def test_a_caller_who_cannot_be_checked_is_not_described(
    describe_user: DescribeUser, calls: Calls, caller: AccessToken
) -> None:
    calls.fail("load_all")

    with pytest.raises(Unavailable):
        describe_user(caller)
