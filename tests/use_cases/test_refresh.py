"""Refresh where rivals act between its read and its write."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.audit import AuditEntry, Cause
from sallyport.errors import InvalidGrant, Superseded, Unavailable
from sallyport.revocation.entries import SessionRevoked
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import Session
from sallyport.trail import Note, Trail
from sallyport.use_cases.refresh import MAX_ATTEMPTS, Refresh, Refreshed
from tests.support.builders import DAY, MINUTE, NOW, SECOND, a_session, an_audit
from tests.support.fakes import FakeRevocations, FakeSessions, Memory
from tests.support.issuing import refresh_token_of, refresh_token_verifier, token_issuer

LATE = NOW * SECOND + MINUTE

Rival = Callable[[], object]


class ContestedSessions(FakeSessions):
    """Sessions where rivals act, one after another, each just before a write of ours."""

    def __init__(self, memory: Memory, rivals: list[Rival]) -> None:
        super().__init__(memory)
        self._rivals = rivals

    def rotate(self, session: Session, gen: int, *, now_ms: int, idle_expires_at: int) -> Session:
        self.let_a_rival_act()
        return super().rotate(session, gen, now_ms=now_ms, idle_expires_at=idle_expires_at)

    def recover(self, session: Session, *, now_ms: int, idle_expires_at: int) -> Session:
        self.let_a_rival_act()
        return super().recover(session, now_ms=now_ms, idle_expires_at=idle_expires_at)

    def let_a_rival_act(self) -> None:
        if self._rivals:
            self._rivals.pop(0)()


class ContestedRevocations(FakeRevocations):
    """Revocations before which the same rivals act."""

    def __init__(self, memory: Memory, sessions: ContestedSessions) -> None:
        super().__init__(memory)
        self._sessions = sessions

    def revoke_replayed(self, session: Session, audit: AuditEntry) -> None:
        self._sessions.let_a_rival_act()
        super().revoke_replayed(session, audit)


@pytest.fixture
def session(memory: Memory, user: User) -> Session:
    session = a_session(user, rotation=Rotation(floor=1, parent=2, first=3, head=4, rotated_at=NOW * SECOND))
    memory.sessions[session.user_id, session.sid] = session
    return session


def present(
    memory: Memory,
    session: Session,
    gen: int,
    *rivals: Rival,
    now_ms: int = LATE,
) -> Refreshed:
    sessions = ContestedSessions(memory, list(rivals))
    refresh = Refresh(
        verifier=refresh_token_verifier(),
        sessions=sessions,
        revocations=ContestedRevocations(memory, sessions),
        issuer=token_issuer(),
        leeway_ms=MINUTE,
        idle_seconds=10 * DAY,
        clock=lambda: now_ms,
    )
    return refresh(refresh_token_of(session, gen), "body", "request")


def answered_gen(refreshed: Refreshed, now_ms: int = LATE) -> int:
    return refresh_token_verifier().verify(refreshed.tokens.refresh_token, now=now_ms // 1000).gen


def rotating(memory: Memory, session: Session, gen: int) -> Rival:
    """A rival who refreshes first."""

    def act() -> None:
        FakeSessions(memory).rotate(
            memory.sessions[session.user_id, session.sid], gen, now_ms=LATE, idle_expires_at=session.idle_expires_at
        )

    return act


def stored(memory: Memory, session: Session) -> Session:
    return memory.sessions[session.user_id, session.sid]


def test_the_loser_who_held_the_same_token_gets_a_sibling(memory: Memory, session: Session) -> None:
    refreshed = present(memory, session, 3, rotating(memory, session, 3))

    assert (refreshed.outcome, answered_gen(refreshed)) == ("recovered", 6)
    assert stored(memory, session).rotation == Rotation(2, 3, 5, 6, LATE)


def test_the_loser_who_held_a_void_sibling_is_told_to_use_the_newer_one(memory: Memory, session: Session) -> None:
    with pytest.raises(Superseded):
        present(memory, session, 4, rotating(memory, session, 3))

    assert stored(memory, session).rotation == Rotation(2, 3, 5, 5, LATE)


def test_a_recovery_that_loses_to_a_rotation_is_told_to_use_the_newer_one(memory: Memory, session: Session) -> None:
    with pytest.raises(Superseded):
        present(memory, session, 2, rotating(memory, session, 3))


def test_who_loses_to_a_logout_gets_nothing(memory: Memory, session: Session) -> None:
    def log_out() -> None:
        FakeRevocations(memory).end(session.user_id, session.sid, now_ms=LATE)

    for gen in (2, 3):
        with pytest.raises(InvalidGrant) as refused:
            present(memory, session, gen, log_out)
        assert refused.value.reason == "revoked"


def test_who_loses_to_the_end_of_the_item_gets_nothing(memory: Memory, session: Session) -> None:
    with pytest.raises(InvalidGrant) as refused:
        present(memory, session, 3, memory.sessions.clear)

    assert refused.value.reason == "session"


def test_who_loses_to_a_password_change_gets_nothing(memory: Memory, session: Session) -> None:
    def change_password() -> None:
        memory.sessions[session.user_id, session.sid] = replace(session, ver=session.ver + 1)

    with pytest.raises(InvalidGrant) as refused:
        present(memory, session, 3, change_password)

    assert refused.value.reason == "ver"


def test_a_replay_is_established_by_its_own_write(memory: Memory, session: Session) -> None:
    """The session moved while we were about to revoke it, and what we hold is not a replay of the new state."""
    with pytest.raises(InvalidGrant) as refused:
        present(memory, session, 1, rotating(memory, session, 3))
    assert refused.value.reason == "replayed"  # below the new floor, too

    assert stored(memory, session).revoked_at == LATE // 1000
    assert memory.entries == [SessionRevoked(session.sid)]


def test_a_replay_that_meets_a_rotation_may_turn_out_to_be_a_straggler(memory: Memory, user: User) -> None:
    session = a_session(user, rotation=Rotation(floor=1, parent=3, first=4, head=4, rotated_at=NOW * SECOND))
    memory.sessions[session.user_id, session.sid] = session

    def rotate_by_the_parent() -> None:
        memory.sessions[session.user_id, session.sid] = replace(session, rotation=Rotation(2, 4, 5, 5, LATE))

    with pytest.raises(Superseded):
        present(memory, session, 2, rotate_by_the_parent)

    assert stored(memory, session).revoked_at is None
    assert memory.entries == []


def test_two_replays_leave_one_entry(memory: Memory, session: Session) -> None:
    def replay_first() -> None:
        FakeRevocations(memory).revoke_replayed(session, an_audit(session.user_id, LATE))

    with pytest.raises(InvalidGrant):
        present(memory, session, 1, replay_first)

    assert memory.entries == [SessionRevoked(session.sid)]


def test_a_forged_generation_is_refused_and_writes_nothing(memory: Memory, session: Session) -> None:
    with pytest.raises(InvalidGrant) as refused:
        present(memory, session, 5)

    assert refused.value.reason == "forged"
    assert stored(memory, session) == session


def test_whoever_loses_every_race_is_asked_to_come_back(memory: Memory, session: Session) -> None:
    def move_away_and_back() -> None:
        memory.sessions[session.user_id, session.sid] = replace(
            stored(memory, session),
            rotation=Rotation(1, 2, stored(memory, session).rotation.first - 1, 4, NOW * SECOND),
        )

    with pytest.raises(Unavailable):
        present(memory, session, 3, *[move_away_and_back] * MAX_ATTEMPTS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "disabled"}, "user"),
        ({"token_version": 2}, "ver"),
    ],
)
def test_r08_a_disabled_user_and_a_raised_version_refresh_nothing(
    memory: Memory, user: User, session: Session, changes: dict[str, object], reason: str
) -> None:
    memory.users[user.user_id] = replace(user, **changes)  # type: ignore[arg-type]

    with pytest.raises(InvalidGrant) as refused:
        present(memory, session, 1)  # not even a replay is written

    assert refused.value.reason == reason
    assert stored(memory, session) == session


def test_r08_a_user_who_is_gone_refreshes_nothing(memory: Memory, session: Session) -> None:
    memory.users.clear()

    with pytest.raises(InvalidGrant):
        present(memory, session, 3)


@pytest.mark.parametrize(("end", "is_good"), [(LATE // 1000 + 1, True), (LATE // 1000, False)])
@pytest.mark.parametrize("which", ["expires_at", "idle_expires_at"])
def test_r07_both_ends_hold_to_the_second(
    memory: Memory, session: Session, which: str, end: int, is_good: bool
) -> None:
    memory.sessions[session.user_id, session.sid] = session = replace(session, **{which: end})  # type: ignore[arg-type]

    if is_good:
        refreshed = present(memory, session, 3)
        assert refreshed.tokens.refresh_expires_in == (1 if which == "expires_at" else 10 * DAY)
    else:
        with pytest.raises(InvalidGrant) as refused:
            present(memory, session, 3)
        assert refused.value.reason == "expired"


def test_r07_the_idle_end_moves_with_use_and_never_passes_the_absolute_one(memory: Memory, session: Session) -> None:
    present(memory, session, 3)
    assert stored(memory, session).idle_expires_at == LATE // 1000 + 10 * DAY

    memory.sessions[session.user_id, session.sid] = near = replace(session, expires_at=LATE // 1000 + DAY)
    refreshed = present(memory, near, 3)
    assert stored(memory, near).idle_expires_at == LATE // 1000 + DAY
    assert refreshed.tokens.refresh_expires_in == DAY


def test_an_access_token_never_outlives_its_session(memory: Memory, session: Session) -> None:
    memory.sessions[session.user_id, session.sid] = near = replace(session, expires_at=LATE // 1000 + 100)

    assert present(memory, near, 3).tokens.expires_in == 100


@pytest.mark.parametrize(
    ("gen", "rivals", "outcome", "also"),
    [
        (4, 0, "rotated", ()),
        (3, 0, "rotated", ("sibling_skipped",)),
        (2, 0, "recovered", ()),
        (3, 1, "recovered", ("race_lost",)),
    ],
)
def test_what_happened_on_the_way_is_on_the_trail(
    memory: Memory, session: Session, gen: int, rivals: int, outcome: str, also: tuple[Note, ...]
) -> None:
    refreshed = present(memory, session, gen, *[rotating(memory, session, 3)] * rivals)

    assert (refreshed.outcome, refreshed.trail) == (outcome, Trail(session.sid, also))


def test_a_sibling_that_came_while_we_wrote_is_skipped_too(memory: Memory, session: Session) -> None:
    def recover() -> None:
        FakeSessions(memory).recover(session, now_ms=LATE, idle_expires_at=session.idle_expires_at)

    assert present(memory, session, 4, recover).trail.also == ("sibling_skipped",)


@pytest.mark.parametrize(
    ("gen", "now_ms", "changes", "outcome"),
    [
        (1, LATE, {}, "replayed"),
        (5, LATE, {}, "forged"),
        (3, LATE, {"revoked_at": NOW}, "revoked"),
        (3, LATE, {"ver": 7}, "revoked"),
        (3, LATE, {"idle_expires_at": NOW}, "expired"),
        (3, LATE, {"expires_at": NOW}, "expired"),
        (3, LATE, {"mode": "cookie"}, "invalid_grant"),
    ],
)
def test_a_refusal_has_an_outcome_of_its_own_for_the_log(
    memory: Memory, session: Session, gen: int, now_ms: int, changes: dict[str, object], outcome: str
) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, **changes)  # type: ignore[arg-type]

    with pytest.raises(InvalidGrant) as refused:
        present(memory, session, gen, now_ms=now_ms)

    assert (refused.value.outcome, refused.value.trail) == (outcome, Trail(session.sid))


def test_a_straggler_leaves_a_trail(memory: Memory, session: Session) -> None:
    with pytest.raises(Superseded) as refused:
        present(memory, session, 4, rotating(memory, session, 3))

    assert (refused.value.outcome, refused.value.trail) == ("superseded", Trail(session.sid, ("race_lost",)))


def test_a_replay_is_audited_once_by_whoever_established_it(memory: Memory, session: Session) -> None:
    rivals = an_audit(session.user_id, LATE, "session.replayed")

    def replay_first() -> None:
        FakeRevocations(memory).revoke_replayed(session, rivals)

    with pytest.raises(InvalidGrant) as lost:
        present(memory, session, 1, replay_first)
    assert (lost.value.outcome, memory.audited) == ("revoked", [rivals])

    memory.sessions[session.user_id, session.sid] = session
    memory.audited.clear()
    for _ in range(2):
        with pytest.raises(InvalidGrant):
            present(memory, session, 1)
    cause = Cause("system", "request")
    assert memory.audited == [AuditEntry(session.user_id, "session.replayed", LATE, cause, sid=session.sid)]
