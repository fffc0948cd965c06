"""What every session store promises."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.revocation.entries import SessionRevoked, UserChanged
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import RaceLost, Session
from tests.support.builders import DAY, NOW, SECOND, a_session, a_user, an_audit
from tests.support.stores import Stores

LATER = NOW + 3600
IDLE_END = LATER + 10 * DAY


@pytest.fixture
def user(stores: Stores) -> User:
    user = a_user()
    assert stores.accounts.create(user, "hash", an_audit(user))
    return user


def stored(stores: Stores, session: Session) -> Session | None:
    return stores.sessions.load(session.user_id, session.sid)[1]


def rotate(stores: Stores, session: Session, gen: int) -> Session:
    return stores.sessions.rotate(session, gen, now_ms=LATER * SECOND, idle_expires_at=IDLE_END)


def recover(stores: Stores, session: Session) -> Session:
    return stores.sessions.recover(session, now_ms=LATER * SECOND, idle_expires_at=IDLE_END)


def revoke_replayed(stores: Stores, session: Session) -> None:
    stores.revocations.revoke_replayed(session, an_audit(session.user_id, LATER * SECOND))


WRITES: dict[str, Callable[[Stores, Session], object]] = {
    "rotate": lambda stores, session: rotate(stores, session, 5),
    "recover": recover,
    "revoke_replayed": revoke_replayed,
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())


def test_a_session_comes_back_as_it_was_stored_beside_its_user(stores: Stores, user: User, session: Session) -> None:
    assert stores.sessions.load(user.user_id, session.sid) == (user, session)
    assert stores.sessions.load_all(user.user_id, session.sid, "jti") == (user, session, False)


def test_what_does_not_exist_is_none(stores: Stores, user: User) -> None:
    assert stores.sessions.load(user.user_id, "no-session") == (user, None)
    assert stores.sessions.load("no-user", "no-session") == (None, None)


def test_a_session_is_found_only_under_its_own_user(stores: Stores, session: Session) -> None:
    stranger = a_user()
    assert stores.accounts.create(stranger, "hash", an_audit(stranger))

    assert stores.sessions.load(stranger.user_id, session.sid) == (stranger, None)
    assert stores.sessions.of_user(stranger.user_id) == []


def test_all_sessions_of_a_user_are_listed(stores: Stores, user: User) -> None:
    sessions = {session.sid: session for session in (a_session(user) for _ in range(30))}
    for session in sessions.values():
        stores.keep(session)

    assert {session.sid: session for session in stores.sessions.of_user(user.user_id)} == sessions


def test_rotating_makes_the_used_generation_parent_and_everything_before_floor(
    stores: Stores, session: Session
) -> None:
    moved = rotate(stores, session, 5)

    assert moved.rotation == Rotation(floor=2, parent=5, first=7, head=7, rotated_at=LATER * SECOND)
    assert (moved.last_used_at, moved.idle_expires_at) == (LATER, IDLE_END)
    assert moved.expires_at == session.expires_at
    assert stored(stores, session) == moved


def test_recovering_only_adds_a_sibling(stores: Stores, session: Session) -> None:
    moved = recover(stores, session)

    assert moved.rotation == replace(session.rotation, head=7)
    assert (moved.last_used_at, moved.idle_expires_at) == (LATER, IDLE_END)
    assert stored(stores, session) == moved


def test_parallel_recoveries_each_get_a_sibling_of_their_own(stores: Stores, session: Session) -> None:
    assert [recover(stores, session).rotation.head for _ in range(3)] == [7, 8, 9]


def test_a_recovery_in_between_does_not_stop_a_rotation(stores: Stores, session: Session) -> None:
    recover(stores, session)

    assert rotate(stores, session, 5).rotation == Rotation(2, 5, 8, 8, LATER * SECOND)


@each_write
def test_a_rotation_in_between_does_and_the_loser_learns_what_it_left(
    stores: Stores, session: Session, write: Callable[[Stores, Session], object]
) -> None:
    moved = rotate(stores, session, 4)

    with pytest.raises(RaceLost) as lost:
        write(stores, session)

    assert lost.value.current == moved
    assert stored(stores, session) == moved


@each_write
def test_nothing_moves_a_revoked_session(
    stores: Stores, session: Session, write: Callable[[Stores, Session], object]
) -> None:
    stores.revocations.end(session.user_id, session.sid, now_ms=NOW * SECOND)

    with pytest.raises(RaceLost) as lost:
        write(stores, session)

    assert lost.value.current == replace(session, revoked_at=NOW)


@each_write
@pytest.mark.parametrize("end", ["expires_at", "idle_expires_at"])
def test_nothing_moves_a_session_at_its_end(
    stores: Stores, user: User, write: Callable[[Stores, Session], object], end: str
) -> None:
    session = a_session(user, rotation=Rotation(1, 2, 4, 6, 0), **{end: LATER})
    stores.keep(session)

    with pytest.raises(RaceLost) as lost:
        write(stores, session)

    assert lost.value.current == session


@each_write
@pytest.mark.parametrize("end", ["expires_at", "idle_expires_at"])
def test_a_session_can_be_moved_until_its_last_second(
    stores: Stores, user: User, write: Callable[[Stores, Session], object], end: str
) -> None:
    session = a_session(user, rotation=Rotation(1, 2, 4, 6, 0), **{end: LATER + 1})
    stores.keep(session)

    write(stores, session)

    assert stored(stores, session) != session


@each_write
def test_nothing_moves_a_session_of_another_version(
    stores: Stores, session: Session, write: Callable[[Stores, Session], object]
) -> None:
    with pytest.raises(RaceLost) as lost:
        write(stores, replace(session, ver=session.ver + 1))

    assert lost.value.current == session


@each_write
def test_no_write_creates_a_session(stores: Stores, user: User, write: Callable[[Stores, Session], object]) -> None:
    ghost = a_session(user)

    with pytest.raises(RaceLost) as lost:
        write(stores, ghost)

    assert lost.value.current is None
    assert stored(stores, ghost) is None
    assert stores.entries(ghost.sid) == []


def test_ending_a_session_revokes_it_and_leaves_one_entry(stores: Stores, session: Session) -> None:
    assert stores.revocations.end(session.user_id, session.sid, now_ms=LATER * SECOND)

    assert stored(stores, session) == replace(session, revoked_at=LATER)
    assert stores.entries(session.sid) == [SessionRevoked(session.sid)]


def test_a_session_can_be_ended_by_its_mode_only(stores: Stores, session: Session) -> None:
    assert not stores.revocations.end(session.user_id, session.sid, now_ms=NOW * SECOND, mode="cookie")
    assert stored(stores, session) == session
    assert stores.entries(session.sid) == []

    assert stores.revocations.end(session.user_id, session.sid, now_ms=NOW * SECOND, mode="body")


def test_ending_it_again_changes_nothing_and_fills_no_list(stores: Stores, session: Session) -> None:
    stores.revocations.end(session.user_id, session.sid, now_ms=NOW * SECOND)

    assert not stores.revocations.end(session.user_id, session.sid, now_ms=LATER * SECOND)

    assert stored(stores, session) == replace(session, revoked_at=NOW)
    assert stores.entries(session.sid) == [SessionRevoked(session.sid)]


def test_ending_what_never_was_creates_nothing(stores: Stores, user: User) -> None:
    assert not stores.revocations.end(user.user_id, "no-session", now_ms=NOW * SECOND)

    assert stores.sessions.of_user(user.user_id) == []
    assert stores.entries("no-session") == []


def test_a_replay_revokes_the_session_and_leaves_one_entry(stores: Stores, session: Session) -> None:
    revoke_replayed(stores, session)

    assert stored(stores, session) == replace(session, revoked_at=LATER)
    assert stores.entries(session.sid) == [SessionRevoked(session.sid)]


def test_raising_the_version_leaves_one_entry_with_the_new_one(stores: Stores, user: User) -> None:
    assert stores.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, NOW * SECOND))

    assert stores.accounts.get(user.user_id) == replace(user, token_version=2)
    assert stores.entries(user.user_id) == [UserChanged(user.user_id, 2)]


@pytest.mark.parametrize("ver", [0, 2])
def test_a_version_that_is_not_the_current_one_raises_nothing(stores: Stores, user: User, ver: int) -> None:
    assert not stores.revocations.raise_version(user.user_id, ver, an_audit(user.user_id, NOW * SECOND))

    assert stores.accounts.get(user.user_id) == user
    assert stores.entries(user.user_id) == []


def test_raising_the_version_of_nobody_creates_nobody(stores: Stores) -> None:
    assert not stores.revocations.raise_version("no-user", 1, an_audit("no-user", NOW * SECOND))

    assert stores.accounts.get("no-user") is None


def test_every_session_of_a_user_is_forgotten_however_many_and_nobody_elses(stores: Stores, user: User) -> None:
    other = a_session(a_user())
    stores.keep(other)
    for _ in range(51):
        stores.keep(a_session(user))

    assert stores.sessions.forget_all(user.user_id) == 51

    assert stores.sessions.of_user(user.user_id) == []
    assert stores.sessions.of_user(other.user_id) == [other]
    assert stores.sessions.forget_all(user.user_id) == 0


def test_a_session_that_is_replaced_is_revoked_without_an_entry(stores: Stores, user: User) -> None:
    session = a_session(user, mode="cookie")
    stores.keep(session)

    for now in (NOW + 7, NOW + 8):  # the second time there is nothing to do
        stores.openings.retire(user.user_id, session.sid, mode="cookie", now=now)

    assert stored(stores, session) == replace(session, revoked_at=NOW + 7)
    assert stores.entries(session.sid) == []


def test_a_session_of_another_channel_or_none_is_not_replaced(stores: Stores, user: User) -> None:
    session = a_session(user, mode="body")
    stores.keep(session)

    for sid in (session.sid, "no-session"):
        stores.openings.retire(user.user_id, sid, mode="cookie", now=NOW)

    assert stores.sessions.of_user(user.user_id) == [session]
