"""Open a session: what is written in which order, what ends, and what a failure on the way leaves behind."""

from dataclasses import replace
from itertools import count
from typing import NoReturn

import pytest

from sallyport.accounts.user import User
from sallyport.errors import Unavailable
from sallyport.keys.signing import SigningKey
from sallyport.sessions.opening import OpeningStore
from sallyport.sessions.rotation import opened
from sallyport.sessions.session import Device, Mode, Session, SessionStore
from sallyport.trail import Trail
from sallyport.use_cases.open_session import MAX_LIVE_SESSIONS, Lifetimes, OpenSession
from tests.support.builders import DAY, NOW, SECOND, a_session
from tests.support.calls import Calls
from tests.support.fakes import FakeSessions, Memory
from tests.support.issuing import (
    ABSOLUTE,
    ACCESS_TOKEN,
    access_token_of,
    access_token_verifier,
    refresh_token_of,
    refresh_token_verifier,
    token_issuer,
)
from tests.support.logging_in import admission_of

DEVICE = Device(ip="192.0.2.7", user_agent="a telephone")
IDLE = 10 * DAY
HOUR = 3600


@pytest.fixture
def open_session(sessions: SessionStore, openings: OpeningStore) -> OpenSession:
    return OpenSession(
        sessions=sessions,
        openings=openings,
        verifier=refresh_token_verifier(),
        issuer=token_issuer(),
        life=Lifetimes(absolute=ABSOLUTE, idle=IDLE),
        clock=lambda: NOW * SECOND,
    )


def stored(memory: Memory, *sessions: Session) -> list[Session]:
    memory.sessions.update({(session.user_id, session.sid): session for session in sessions})
    return list(sessions)


def many(user: User, number: int, **changes: object) -> list[Session]:
    """Return sessions of a user, the oldest first."""
    ages = count(NOW - 2 * number)
    return [a_session(user, **{"created_at": next(ages), **changes}) for _ in range(number)]


@pytest.mark.parametrize("mode", ["body", "cookie"])
def test_the_session_is_stored_as_it_begins(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, mode: Mode
) -> None:
    logged_in = open_session(user, DEVICE, mode, admission_of(user))

    (session,) = memory.sessions.values()
    assert session == Session(
        sid=logged_in.tokens.session_id,
        user_id=user.user_id,
        mode=mode,
        rotation=opened(NOW * SECOND),
        ver=user.token_version,
        created_at=NOW,
        auth_time=NOW,
        last_used_at=NOW,
        expires_at=NOW + ABSOLUTE,
        idle_expires_at=NOW + IDLE,
        user_agent="a telephone",
        ip="192.0.2.7",
    )
    assert logged_in.trail == Trail(session.sid)
    assert calls.made == ["of_user", "open"]


def test_its_tokens_are_good_and_are_the_first_of_their_session(open_session: OpenSession, user: User) -> None:
    tokens = open_session(user, DEVICE, "body", admission_of(user)).tokens

    access = access_token_verifier().verify(tokens.access_token, now=NOW)
    refresh = refresh_token_verifier().verify(tokens.refresh_token, now=NOW)
    assert (access.sub, access.sid, access.ver) == (user.user_id, tokens.session_id, user.token_version)
    assert (refresh.sub, refresh.sid, refresh.ver, refresh.gen) == (access.sub, access.sid, access.ver, 1)
    assert (tokens.expires_in, tokens.refresh_expires_in) == (ACCESS_TOKEN, IDLE)


def test_a_session_never_idles_longer_than_it_lives(open_session: OpenSession, memory: Memory, user: User) -> None:
    replace(open_session, life=Lifetimes(absolute=DAY, idle=DAY + 1))(user, DEVICE, "body", admission_of(user))

    (session,) = memory.sessions.values()
    assert session.idle_expires_at == session.expires_at == NOW + DAY


def test_every_login_has_a_session_of_its_own(open_session: OpenSession, memory: Memory, user: User) -> None:
    first, second = (open_session(user, DEVICE, "body", admission_of(user)).tokens.session_id for _ in range(2))

    assert first != second
    assert len(memory.sessions) == 2
    assert memory.entries == []


def no_key() -> NoReturn:
    raise Unavailable("by a test")


@pytest.mark.parametrize("ring", ["access_key", "refresh_key"])
def test_no_session_is_written_whose_tokens_cannot_be_signed(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, session: Session, ring: str
) -> None:
    key: dict[str, type[SigningKey]] = {ring: no_key}  # type: ignore[dict-item]
    keyless = replace(open_session, issuer=replace(token_issuer(), **key))  # type: ignore[arg-type]

    with pytest.raises(Unavailable):
        keyless(user, DEVICE, "body", admission_of(user), replaces=[refresh_token_of(session)])

    assert calls.made == []


@pytest.mark.parametrize(("failing", "made"), [("of_user", ["of_user"]), ("open", ["of_user", "open"])])
def test_what_a_login_replaces_lives_on_when_there_is_no_new_session(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, session: Session, failing: str, made: list[str]
) -> None:
    calls.fail(failing)

    with pytest.raises(Unavailable):
        open_session(user, DEVICE, "body", admission_of(user), replaces=[refresh_token_of(session)])

    assert calls.made == made
    assert memory.sessions == {(user.user_id, session.sid): session}


def test_the_session_that_a_login_replaces_ends_after_the_new_one_exists(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, session: Session
) -> None:
    open_session(user, DEVICE, "body", admission_of(user), replaces=[refresh_token_of(session)])

    assert calls.made == ["of_user", "open", "retire"]
    assert memory.sessions[user.user_id, session.sid].revoked_at == NOW
    assert memory.entries == []


def test_it_may_be_another_users_session_on_the_same_device(
    open_session: OpenSession, memory: Memory, user: User
) -> None:
    (strangers,) = stored(memory, a_session())

    open_session(user, DEVICE, "body", admission_of(user), replaces=[refresh_token_of(strangers)])

    assert memory.sessions[strangers.user_id, strangers.sid].revoked_at == NOW


def test_a_session_of_another_channel_is_not_replaced(
    open_session: OpenSession, memory: Memory, user: User, session: Session
) -> None:
    open_session(user, DEVICE, "cookie", admission_of(user), replaces=[refresh_token_of(session)])

    assert memory.sessions[user.user_id, session.sid] == session


def test_what_is_not_authentic_replaces_nothing_and_the_rest_all_the_same(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, session: Session
) -> None:
    (second,) = stored(memory, a_session(user))
    presented = ["no token", refresh_token_of(session), access_token_of(second), "", refresh_token_of(second)]

    open_session(user, DEVICE, "body", admission_of(user), replaces=presented)

    assert [memory.sessions[user.user_id, sid].revoked_at for sid in (session.sid, second.sid)] == [NOW, NOW]
    assert calls.made == ["of_user", "open", "retire", "retire"]


def test_a_session_that_cannot_be_ended_keeps_nobody_from_logging_in(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, session: Session
) -> None:
    calls.fail("retire")

    logged_in = open_session(user, DEVICE, "body", admission_of(user), replaces=[refresh_token_of(session)])

    assert logged_in.trail == Trail(logged_in.tokens.session_id, ("older_not_ended",))
    assert (user.user_id, logged_in.tokens.session_id) in memory.sessions


@pytest.mark.parametrize(
    ("before", "gone"),
    [
        (MAX_LIVE_SESSIONS - 1, 0),
        (MAX_LIVE_SESSIONS, 1),
        (MAX_LIVE_SESSIONS + 1, 2),
        (MAX_LIVE_SESSIONS + 50, 51),
        (MAX_LIVE_SESSIONS + 150, 100),  # no login pays for more
    ],
)
def test_the_oldest_sessions_make_room_for_the_new_one(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, before: int, gone: int
) -> None:
    older = stored(memory, *many(user, before))
    memory.sessions = dict(reversed(memory.sessions.items()))  # the store promises no order

    new = open_session(user, DEVICE, "body", admission_of(user)).tokens.session_id

    assert {sid for _, sid in memory.sessions} == {new, *(session.sid for session in older[gone:])}
    assert memory.entries == []
    assert calls.made == ["of_user", "open", *["forget"] * bool(gone)]


class ReadAtOnce(FakeSessions):
    """Sessions as logins see them that have all read before the first one writes."""

    def __init__(self, memory: Memory, user: User) -> None:
        super().__init__(memory)
        self._read = super().of_user(user.user_id)

    def of_user(self, user_id: str) -> list[Session]:
        return self._read


def test_bursts_of_logins_at_the_limit_leave_no_more_than_one_burst_too_many(
    open_session: OpenSession, memory: Memory, user: User
) -> None:
    stored(memory, *many(user, MAX_LIVE_SESSIONS))

    for _ in range(5):
        burst = replace(open_session, sessions=ReadAtOnce(memory, user))
        for _ in range(40):
            burst(user, DEVICE, "body", admission_of(user))
        assert len(memory.sessions) == MAX_LIVE_SESSIONS - 1 + 40

    open_session(user, DEVICE, "body", admission_of(user))
    assert len(memory.sessions) == MAX_LIVE_SESSIONS


def test_dead_sessions_take_no_room(open_session: OpenSession, memory: Memory, user: User) -> None:
    stored(memory, *many(user, MAX_LIVE_SESSIONS - 1), *many(user, 9, idle_expires_at=NOW))

    open_session(user, DEVICE, "body", admission_of(user))

    assert len(memory.sessions) == MAX_LIVE_SESSIONS - 1 + 9 + 1


LONG_DEAD = {
    "revoked": {"revoked_at": NOW},
    "of an older version": {"ver": 0},
    "past its end by every clock": {"expires_at": NOW - HOUR - 1},
    "idle by every clock": {"idle_expires_at": NOW - HOUR - 1},
}


@pytest.mark.parametrize("changes", LONG_DEAD.values(), ids=LONG_DEAD.keys())
def test_twenty_five_sessions_that_are_long_dead_are_deleted_at_once(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, changes: dict[str, int]
) -> None:
    stored(memory, *many(user, 30, **changes))

    logged_in = open_session(user, DEVICE, "body", admission_of(user))

    assert calls.made == ["of_user", "open", "forget"]
    assert len(memory.sessions) == 30 - 25 + 1
    assert (user.user_id, logged_in.tokens.session_id) in memory.sessions


def test_fewer_than_twenty_five_wait_for_a_later_login(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User
) -> None:
    stored(memory, *many(user, 24, revoked_at=NOW))

    open_session(user, DEVICE, "body", admission_of(user))

    assert calls.made == ["of_user", "open"]


POSSIBLY_ALIVE = {
    "past its end by our clock": {"expires_at": NOW - HOUR},
    "of a version that we have not read yet": {"ver": 2},
    "alive": {},
}


@pytest.mark.parametrize("changes", POSSIBLY_ALIVE.values(), ids=POSSIBLY_ALIVE.keys())
def test_nothing_is_deleted_that_may_be_alive(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User, changes: dict[str, int]
) -> None:
    stored(memory, *many(user, 30, **changes))

    open_session(user, DEVICE, "body", admission_of(user))

    assert "forget" not in calls.made
    assert len(memory.sessions) == 31


def test_a_call_that_crowds_out_takes_the_long_dead_with_it(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User
) -> None:
    oldest, *_ = stored(memory, *many(user, MAX_LIVE_SESSIONS), *many(user, 30, revoked_at=NOW))

    open_session(user, DEVICE, "body", admission_of(user))

    assert calls.made == ["of_user", "open", "forget"]
    assert (user.user_id, oldest.sid) not in memory.sessions
    assert len(memory.sessions) == MAX_LIVE_SESSIONS + 30 + 1 - 25


def test_room_that_cannot_be_made_keeps_nobody_from_logging_in(
    open_session: OpenSession, memory: Memory, calls: Calls, user: User
) -> None:
    stored(memory, *many(user, MAX_LIVE_SESSIONS))
    calls.fail("forget")

    logged_in = open_session(user, DEVICE, "body", admission_of(user))

    assert logged_in.trail == Trail(logged_in.tokens.session_id, ("no_room_made",))
