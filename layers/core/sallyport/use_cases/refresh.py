"""POST /auth/refresh: a refresh token for new tokens."""

from dataclasses import dataclass, replace
from typing import Protocol

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.errors import InvalidGrant, Superseded, Unavailable
from sallyport.sessions import rotation
from sallyport.sessions.issue import IssuedTokens, TokenIssuer
from sallyport.sessions.session import Mode, RaceLost, Session, why_dead
from sallyport.tokens.refresh import RefreshToken
from sallyport.trail import Trail

MAX_ATTEMPTS = 4


class RotationStore(Protocol):
    """Reads a session and moves its rotation, each by one conditional write.

    The conditions: the session exists, is not revoked, not past its ends, and `ver`, `parent` and `first` are as read.
    `head` is not among them: it grows by an expression, so parallel calls do not starve each other.
    Every write raises RaceLost if its conditions no longer hold.
    """

    def load(self, user_id: str, sid: str) -> tuple[User | None, Session | None]: ...

    def rotate(self, session: Session, gen: int, *, now_ms: int, idle_expires_at: int) -> Session: ...

    def recover(self, session: Session, *, now_ms: int, idle_expires_at: int) -> Session: ...


class ReplayRevoker(Protocol):
    """Revokes a session under the same conditions, together with the entry that tells authorizers of it."""

    def revoke_replayed(self, session: Session, *, now_ms: int) -> None: ...


class ReplayReporter(Protocol):
    """Tells whoever wants to know that a session was revoked because a token of it was used twice."""

    def replayed(self, session: Session, *, now_ms: int) -> None:
        """Raises Unavailable if it cannot."""
        ...


@dataclass(frozen=True, slots=True)
class Refreshed:
    """New tokens, and how they came about: `converged`, `rotated` or `recovered`."""

    tokens: IssuedTokens
    outcome: str
    trail: Trail


def refresh(
    presented: RefreshToken,
    mode: Mode,
    *,
    sessions: RotationStore,
    revocations: ReplayRevoker,
    reporter: ReplayReporter,
    issuer: TokenIssuer,
    leeway_ms: int,
    idle_seconds: int,
    clock: Clock,
) -> Refreshed:
    """Exchange an authentic refresh token, presented through the channel `mode`, for new tokens (RFC 6749 s6).

    Reads user and session once, then makes at most one write. Whoever loses a race follows the rule again with what
    the winner left and with a new time.

    Raises InvalidGrant if the session is gone, ended, revoked or of another version, or was just revoked as replayed;
    Superseded if the client holds a newer token; Unavailable if it lost one race after another.
    """
    signer = issuer.signer()
    user, session = sessions.load(presented.sub, presented.sid)
    for races_lost in range(MAX_ATTEMPTS):
        trail = Trail(presented.sid, ("race_lost",) * races_lost)
        now_ms = clock()
        now = now_ms // 1000
        dead = why_dead(session, user, ver=presented.ver, now=now)
        if dead is not None or session is None:
            raise InvalidGrant(dead, outcome="expired" if dead == "expired" else "revoked", trail=trail)
        if session.mode != mode:
            raise InvalidGrant("channel", trail=trail)
        try:
            taken = _take(
                rotation.next_step(session.rotation, presented.gen, now_ms=now_ms, leeway_ms=leeway_ms),
                presented.gen,
                session,
                sessions=sessions,
                revocations=revocations,
                now_ms=now_ms,
                idle_expires_at=min(now + idle_seconds, session.expires_at),
            )
        except RaceLost as lost:
            session = lost.current
            continue
        if taken.outcome == "replayed":
            taken = _reported(taken, reporter, now_ms)
        trail = replace(trail, also=(*trail.also, *taken.also))
        if taken.outcome == "superseded":
            raise Superseded(trail=trail)
        if taken.gen is None:
            raise InvalidGrant(taken.reason or taken.outcome, outcome=taken.outcome, trail=trail)
        return Refreshed(signer.issue(taken.session, taken.gen, now=now), taken.outcome, trail)
    raise Unavailable("contention", trail=Trail(presented.sid, ("race_lost",) * MAX_ATTEMPTS))


@dataclass(frozen=True, slots=True)
class _Taken:
    """A step, and where it led: the session after it, and the generation to answer if there is one."""

    outcome: str
    session: Session
    gen: int | None = None
    also: tuple[str, ...] = ()
    reason: str = ""


def _take(
    step: rotation.Step,
    gen: int,
    session: Session,
    *,
    sessions: RotationStore,
    revocations: ReplayRevoker,
    now_ms: int,
    idle_expires_at: int,
) -> _Taken:
    """Take a step: make its one write. Raises RaceLost."""
    match step:
        case rotation.Converged():
            return _Taken("converged", session, gen)
        case rotation.Rotated():
            moved = sessions.rotate(session, gen, now_ms=now_ms, idle_expires_at=idle_expires_at)
            is_newest = gen == moved.rotation.head - 1
            return _Taken("rotated", moved, moved.rotation.head, () if is_newest else ("sibling_skipped",))
        case rotation.Recovered():
            moved = sessions.recover(session, now_ms=now_ms, idle_expires_at=idle_expires_at)
            return _Taken("recovered", moved, moved.rotation.head)
        case rotation.Superseded():
            return _Taken("superseded", session)
        case rotation.Replayed():
            revocations.revoke_replayed(session, now_ms=now_ms)
            return _Taken("replayed", session)
        case rotation.Forged():
            return _Taken("forged", session)


def _reported(replay: _Taken, reporter: ReplayReporter, now_ms: int) -> _Taken:
    """Report a replay, by whoever established it and by nobody else. That it is revoked does not depend on it."""
    try:
        reporter.replayed(replay.session, now_ms=now_ms)
    except Unavailable as error:
        return replace(replay, also=("unreported",), reason=f"replayed, unreported: {error.reason}")
    return replay
