"""List sessions: where a user is logged in, and who may know."""

from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.errors import TokenDead, Unavailable
from sallyport.sessions.session import Session, SessionStore
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.list_sessions import ListedSession, ListSessions
from tests.support.builders import NOW, SECOND, a_session, a_token
from tests.support.calls import Calls
from tests.support.fakes import Memory

HOUR = 3600
LATER = NOW + 2 * HOUR


@pytest.fixture
def caller(user: User, session: Session) -> AccessToken:
    return a_token(sid=session.sid, sub=user.user_id, ver=user.token_version)


@pytest.fixture
def list_sessions(sessions: SessionStore) -> ListSessions:
    return ListSessions(sessions=sessions, clock=lambda: LATER * SECOND)


def another_of(user: User, memory: Memory, **changes: object) -> Session:
    session = a_session(user, **changes)
    memory.sessions[session.user_id, session.sid] = session
    return session


def test_a_session_is_listed_as_its_user_may_see_it(
    list_sessions: ListSessions, session: Session, caller: AccessToken
) -> None:
    assert list_sessions(caller) == [
        ListedSession(
            sid=session.sid,
            created_at=NOW,
            last_used_at=NOW - NOW % HOUR,
            expires_at=session.expires_at,
            user_agent="a browser",
            ip="192.0.2.1",
            current=True,
        )
    ]


def test_the_last_used_comes_first_and_only_the_callers_own_is_the_current_one(
    list_sessions: ListSessions, memory: Memory, user: User, session: Session, caller: AccessToken
) -> None:
    older = another_of(user, memory, last_used_at=NOW - 1)
    newer = another_of(user, memory, last_used_at=NOW + 1)

    listed = list_sessions(caller)

    assert [each.sid for each in listed] == [newer.sid, session.sid, older.sid]
    assert [each.current for each in listed] == [False, True, False]


def test_the_last_use_is_told_to_the_hour(
    list_sessions: ListSessions, memory: Memory, session: Session, caller: AccessToken
) -> None:
    full_hour = NOW - NOW % HOUR + HOUR
    for last_used_at in (full_hour, full_hour + HOUR - 1):
        memory.sessions[session.user_id, session.sid] = replace(session, last_used_at=last_used_at)

        assert list_sessions(caller)[0].last_used_at == full_hour


def test_what_is_dead_is_not_listed(
    list_sessions: ListSessions, memory: Memory, user: User, session: Session, caller: AccessToken
) -> None:
    for dead in (
        {"revoked_at": NOW},
        {"ver": user.token_version - 1},
        {"idle_expires_at": LATER},
        {"expires_at": LATER},
    ):
        another_of(user, memory, **dead)
    alive = another_of(user, memory, last_used_at=NOW - 1, idle_expires_at=LATER + 1)

    assert [each.sid for each in list_sessions(caller)] == [session.sid, alive.sid]


def test_nobody_elses_sessions_are_listed(
    list_sessions: ListSessions, memory: Memory, session: Session, caller: AccessToken
) -> None:
    stranger = a_session()
    memory.sessions[stranger.user_id, stranger.sid] = stranger

    assert [each.sid for each in list_sessions(caller)] == [session.sid]


def test_a_caller_whose_own_session_has_ended_learns_of_no_other(
    list_sessions: ListSessions, memory: Memory, calls: Calls, user: User, session: Session, caller: AccessToken
) -> None:
    another_of(user, memory)
    memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=NOW)

    with pytest.raises(TokenDead) as refused:
        list_sessions(caller)

    assert refused.value.why == "revoked"
    assert calls.made == ["load_all"]


@pytest.mark.parametrize("method", ["load_all", "of_user"])
def test_a_read_that_fails_lists_nothing(
    list_sessions: ListSessions, calls: Calls, caller: AccessToken, method: str
) -> None:
    calls.fail(method)

    with pytest.raises(Unavailable):
        list_sessions(caller)
