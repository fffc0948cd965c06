"""Log out: what each credential may end, and what a token that is old or stolen may not."""

from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.audit import AuditEntry
from sallyport.errors import Unavailable
from sallyport.revocation.entries import RevocationStore, SessionRevoked, UserChanged
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import Mode, Session, SessionStore
from sallyport.trail import NO_TRAIL, Trail
from sallyport.use_cases.logout import LoggedOut, Logout
from tests.support.builders import NOW, SECOND
from tests.support.calls import Calls
from tests.support.fakes import Memory
from tests.support.issuing import (
    ABSOLUTE,
    ACCESS_TOKEN,
    access_token_of,
    access_token_verifier,
    refresh_token_of,
    refresh_token_verifier,
)
from tests.support.tokens import unverified_claims

FLOOR, PARENT, FIRST, HEAD = 1, 3, 4, 6


@pytest.fixture
def session(memory: Memory, session: Session) -> Session:
    """The user's session, some rotations old."""
    session = replace(session, rotation=Rotation(FLOOR, PARENT, FIRST, HEAD, NOW * SECOND))
    memory.sessions[session.user_id, session.sid] = session
    return session


@pytest.fixture
def logout(sessions: SessionStore, revocations: RevocationStore) -> Logout:
    return logging_out(sessions, revocations)


def logging_out(sessions: SessionStore, revocations: RevocationStore, *, now: int = NOW) -> Logout:
    return Logout(
        refresh_tokens=refresh_token_verifier(),
        access_tokens=access_token_verifier(),
        sessions=sessions,
        revocations=revocations,
        clock=lambda: now * SECOND,
    )


def has_ended(memory: Memory, session: Session) -> bool:
    return memory.sessions[session.user_id, session.sid].revoked_at is not None


@pytest.mark.parametrize("gen", [FLOOR, PARENT, FIRST, HEAD, HEAD + 1])
def test_any_authentic_refresh_token_ends_its_session_by_one_write(
    logout: Logout, memory: Memory, calls: Calls, session: Session, gen: int
) -> None:
    logged_out = logout.by_refresh_token(refresh_token_of(session, gen), "body", "request", everywhere=False)

    assert logged_out == LoggedOut("ended", Trail(session.sid))
    assert memory.sessions[session.user_id, session.sid].revoked_at == NOW
    assert memory.entries == [SessionRevoked(session.sid)]
    assert calls.made == ["end"]


def test_an_access_token_ends_its_session_by_one_write(
    logout: Logout, memory: Memory, calls: Calls, session: Session
) -> None:
    logged_out = logout.by_access_token(access_token_of(session), "request", everywhere=False)

    assert logged_out == LoggedOut("ended", Trail(session.sid))
    assert memory.entries == [SessionRevoked(session.sid)]
    assert calls.made == ["end"]


def test_a_second_logout_finds_nothing_to_end(logout: Logout, memory: Memory, session: Session) -> None:
    token = refresh_token_of(session, HEAD)
    logout.by_refresh_token(token, "body", "request", everywhere=False)

    assert logout.by_refresh_token(token, "body", "request", everywhere=False).outcome == "nothing_to_end"
    assert memory.entries == [SessionRevoked(session.sid)]


@pytest.mark.parametrize("everywhere", [False, True])
def test_what_is_no_token_of_ours_reaches_no_store(
    logout: Logout, calls: Calls, session: Session, everywhere: bool
) -> None:
    swapped = (
        logout.by_refresh_token(access_token_of(session), "body", "request", everywhere=everywhere),
        logout.by_access_token(refresh_token_of(session), "request", everywhere=everywhere),
        logout.by_refresh_token("no token", "body", "request", everywhere=everywhere),
        logout.by_access_token("no token", "request", everywhere=everywhere),
    )

    assert set(swapped) == {LoggedOut("nothing_to_end", NO_TRAIL)}
    assert calls.made == []


@pytest.mark.parametrize("everywhere", [False, True])
@pytest.mark.parametrize(("stored", "came_by"), [("body", "cookie"), ("cookie", "body")])
def test_a_refresh_token_that_came_through_another_channel_than_its_sessions_ends_nothing(
    logout: Logout, memory: Memory, session: Session, stored: Mode, came_by: Mode, everywhere: bool
) -> None:
    memory.sessions[session.user_id, session.sid] = session = replace(session, mode=stored)

    logged_out = logout.by_refresh_token(refresh_token_of(session, HEAD), came_by, "request", everywhere=everywhere)

    assert logged_out.outcome == "nothing_to_end"
    assert memory.sessions[session.user_id, session.sid] == session
    assert memory.entries == []


@pytest.mark.parametrize("mode", ["body", "cookie"])
def test_an_access_token_has_no_channel_and_ends_a_session_of_either(
    logout: Logout, memory: Memory, session: Session, mode: Mode
) -> None:
    memory.sessions[session.user_id, session.sid] = session = replace(session, mode=mode)

    assert logout.by_access_token(access_token_of(session), "request", everywhere=False).outcome == "ended"


@pytest.mark.parametrize("gen", [PARENT, FIRST, HEAD])
def test_a_live_refresh_token_ends_every_session_by_raising_the_version(
    logout: Logout, memory: Memory, calls: Calls, session: Session, gen: int
) -> None:
    logged_out = logout.by_refresh_token(refresh_token_of(session, gen), "body", "request", everywhere=True)

    assert logged_out == LoggedOut("everywhere", Trail(session.sid))
    assert memory.users[session.user_id].token_version == session.ver + 1
    assert memory.entries == [UserChanged(session.user_id, session.ver + 1)]
    assert calls.made == ["load_all", "raise_version"]


def test_a_live_access_token_ends_every_session(logout: Logout, memory: Memory, session: Session) -> None:
    assert logout.by_access_token(access_token_of(session), "request", everywhere=True).outcome == "everywhere"
    assert memory.users[session.user_id].token_version == session.ver + 1


@pytest.mark.parametrize("gen", [FLOOR, PARENT - 1, HEAD + 1])
def test_a_refresh_token_of_another_time_ends_its_own_session_and_no_more(
    logout: Logout, memory: Memory, session: Session, gen: int
) -> None:
    """A token from an old backup must not log a user out of all their devices."""
    logged_out = logout.by_refresh_token(refresh_token_of(session, gen), "body", "request", everywhere=True)

    assert logged_out.outcome == "ended"
    assert memory.users[session.user_id].token_version == session.ver
    assert memory.entries == [SessionRevoked(session.sid)]


def test_a_revoked_access_token_ends_its_own_session_and_no_more(
    logout: Logout, memory: Memory, session: Session
) -> None:
    token = access_token_of(session)
    memory.revoked_tokens.add(unverified_claims(token)["jti"])

    assert logout.by_access_token(token, "request", everywhere=True).outcome == "ended"
    assert memory.users[session.user_id].token_version == session.ver


@pytest.mark.parametrize("by", ["refresh token", "access token"])
def test_a_token_of_a_session_that_has_ended_ends_nothing(
    logout: Logout, memory: Memory, session: Session, by: str
) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=NOW - 1)

    if by == "refresh token":
        logged_out = logout.by_refresh_token(refresh_token_of(session, HEAD), "body", "request", everywhere=True)
    else:
        logged_out = logout.by_access_token(access_token_of(session), "request", everywhere=True)

    assert logged_out == LoggedOut("nothing_to_end", Trail(session.sid))
    assert memory.entries == []


def test_who_loses_the_race_for_the_version_ends_their_own_session_all_the_same(
    memory: Memory, calls: Calls, sessions: SessionStore, user: User, session: Session
) -> None:
    class Beaten:
        """Revocations where somebody else raises the version first."""

        def raise_version(self, user_id: str, ver: int, audit: AuditEntry) -> bool:
            return False

        def end(self, user_id: str, sid: str, *, now_ms: int, mode: Mode | None = None) -> bool:
            return True

    beaten: RevocationStore = calls.to(Beaten())  # type: ignore[assignment]  # a logout calls no more than these

    logged_out = logging_out(sessions, beaten).by_refresh_token(
        refresh_token_of(session, HEAD), "body", "request", everywhere=True
    )

    assert logged_out.outcome == "ended"
    assert calls.made == ["load_all", "raise_version", "end"]


def test_an_access_token_ends_nothing_from_its_last_second_on(
    memory: Memory, sessions: SessionStore, revocations: RevocationStore, session: Session
) -> None:
    token = access_token_of(session)

    for now, outcome in ((NOW + ACCESS_TOKEN, "nothing_to_end"), (NOW + ACCESS_TOKEN - 1, "ended")):
        assert (
            logging_out(sessions, revocations, now=now).by_access_token(token, "request", everywhere=False).outcome
            == outcome
        )


def test_a_refresh_token_ends_nothing_from_its_sessions_end_on(
    memory: Memory, sessions: SessionStore, revocations: RevocationStore, session: Session
) -> None:
    token = refresh_token_of(session, HEAD)

    for now, outcome in ((NOW + ABSOLUTE, "nothing_to_end"), (NOW + ABSOLUTE - 1, "ended")):
        logout = logging_out(sessions, revocations, now=now)
        assert logout.by_refresh_token(token, "body", "request", everywhere=False).outcome == outcome


@pytest.mark.parametrize(
    ("failing", "made"),
    [
        ("load_all", ["load_all"]),
        ("raise_version", ["load_all", "raise_version"]),
    ],
)
def test_a_logout_everywhere_that_fails_is_not_taken_for_a_smaller_one(
    logout: Logout, calls: Calls, session: Session, failing: str, made: list[str]
) -> None:
    calls.fail(failing)

    with pytest.raises(Unavailable):
        logout.by_refresh_token(refresh_token_of(session, HEAD), "body", "request", everywhere=True)

    assert calls.made == made


def test_an_end_that_cannot_be_written_is_not_reported_as_one(logout: Logout, calls: Calls, session: Session) -> None:
    calls.fail("end")

    with pytest.raises(Unavailable):
        logout.by_refresh_token(refresh_token_of(session, HEAD), "body", "request", everywhere=False)
