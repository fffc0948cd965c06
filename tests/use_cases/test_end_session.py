"""End session: a user ends one session of theirs from another, and no session of anybody else."""

from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.audit import AuditEntry, Cause
from sallyport.errors import TokenDead, Unavailable
from sallyport.identifiers import new_id
from sallyport.revocation.entries import RevocationStore, SessionRevoked
from sallyport.sessions.session import Session, SessionStore
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.end_session import EndSession
from tests.support.builders import NOW, SECOND, a_session, a_token
from tests.support.calls import Calls
from tests.support.fakes import Memory


@pytest.fixture
def caller(user: User, session: Session) -> AccessToken:
    return a_token(sid=session.sid, sub=user.user_id, ver=user.token_version)


@pytest.fixture
def other(memory: Memory, user: User) -> Session:
    """Another session of the caller."""
    other = a_session(user)
    memory.sessions[other.user_id, other.sid] = other
    return other


@pytest.fixture
def end_session(sessions: SessionStore, revocations: RevocationStore) -> EndSession:
    return EndSession(sessions=sessions, revocations=revocations, clock=lambda: NOW * SECOND)


def test_another_session_of_the_caller_ends_and_authorizers_are_told(
    end_session: EndSession, memory: Memory, calls: Calls, caller: AccessToken, session: Session, other: Session
) -> None:
    assert end_session(caller, other.sid, "request") == "ended"

    assert memory.sessions[other.user_id, other.sid].revoked_at == NOW
    assert memory.sessions[session.user_id, session.sid] == session
    assert memory.entries == [SessionRevoked(other.sid)]
    assert calls.made == ["load_all", "revoke_session"]
    cause = Cause("self", "request", session.sid)
    assert memory.audited == [AuditEntry(caller.sub, "session.revoked", NOW * SECOND, cause, sid=other.sid)]


def test_the_callers_own_session_may_be_the_one(end_session: EndSession, caller: AccessToken) -> None:
    assert end_session(caller, caller.sid, "request") == "ended"


def test_a_session_that_has_ended_already_is_not_revoked_again(
    end_session: EndSession, memory: Memory, caller: AccessToken, other: Session
) -> None:
    end_session(caller, other.sid, "request")

    assert end_session(caller, other.sid, "request") == "nothing_to_end"
    assert memory.entries == [SessionRevoked(other.sid)]
    assert len(memory.audited) == 1


def test_a_strangers_session_lives_on(end_session: EndSession, memory: Memory, caller: AccessToken) -> None:
    stranger = a_session()
    memory.sessions[stranger.user_id, stranger.sid] = stranger

    assert end_session(caller, stranger.sid, "request") == "nothing_to_end"

    assert memory.sessions[stranger.user_id, stranger.sid] == stranger
    assert (memory.entries, memory.audited) == ([], [])


def test_an_id_that_no_session_has_ends_nothing(end_session: EndSession, caller: AccessToken) -> None:
    assert end_session(caller, new_id(), "request") == "nothing_to_end"


@pytest.mark.parametrize("text", ["", "short", "A" * 21 + "#", "A" * 23, "A" * 21 + "é"])
def test_what_is_no_id_never_becomes_part_of_a_key(
    end_session: EndSession, calls: Calls, caller: AccessToken, text: str
) -> None:
    assert end_session(caller, text, "request") == "nothing_to_end"
    assert calls.made == ["load_all"]


def test_a_caller_whose_own_session_has_ended_ends_nothing(
    end_session: EndSession, memory: Memory, calls: Calls, caller: AccessToken, session: Session, other: Session
) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=NOW)

    with pytest.raises(TokenDead) as refused:
        end_session(caller, other.sid, "request")

    assert refused.value.why == "revoked"
    assert calls.made == ["load_all"]


def test_a_caller_who_cannot_be_checked_ends_nothing(
    end_session: EndSession, calls: Calls, caller: AccessToken, other: Session
) -> None:
    calls.fail("load_all")

    with pytest.raises(Unavailable):
        end_session(caller, other.sid, "request")

    assert calls.made == ["load_all"]


def test_an_end_that_cannot_be_written_is_not_reported_as_one(
    end_session: EndSession, calls: Calls, caller: AccessToken, other: Session
) -> None:
    calls.fail("revoke_session")

    with pytest.raises(Unavailable):
        end_session(caller, other.sid, "request")
