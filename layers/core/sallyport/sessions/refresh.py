"""POST /auth/refresh: a refresh token for new tokens."""

from dataclasses import dataclass
from typing import Protocol

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.errors import InvalidGrant, Superseded, Unavailable
from sallyport.sessions import rotation
from sallyport.sessions.issue import IssuedTokens, TokenIssuer
from sallyport.sessions.session import Mode, RaceLost, Session, why_dead
from sallyport.tokens.refresh import RefreshToken

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


@dataclass(frozen=True, slots=True)
class Refreshed:
    """New tokens, and how they came about: `converged`, `rotated` or `recovered`."""

    tokens: IssuedTokens
    outcome: str


def refresh(
    presented: RefreshToken,
    mode: Mode,
    *,
    sessions: RotationStore,
    revocations: ReplayRevoker,
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
    for _ in range(MAX_ATTEMPTS):
        now_ms = clock()
        now = now_ms // 1000
        dead = why_dead(session, user, ver=presented.ver, now=now)
        if dead is not None or session is None:
            raise InvalidGrant(dead)
        if session.mode != mode:
            raise InvalidGrant("channel")
        step = rotation.next_step(session.rotation, presented.gen, now_ms=now_ms, leeway_ms=leeway_ms)
        idle_expires_at = min(now + idle_seconds, session.expires_at)
        try:
            moved, gen, outcome = _take(
                step,
                presented.gen,
                session,
                sessions=sessions,
                revocations=revocations,
                now_ms=now_ms,
                idle_expires_at=idle_expires_at,
            )
        except RaceLost as lost:
            session = lost.current
            continue
        return Refreshed(signer.issue(moved, gen, now=now), outcome)
    raise Unavailable("contention")


def _take(
    step: rotation.Step,
    gen: int,
    session: Session,
    *,
    sessions: RotationStore,
    revocations: ReplayRevoker,
    now_ms: int,
    idle_expires_at: int,
) -> tuple[Session, int, str]:
    """Take a step: make its one write; answer the session after it, the generation to answer, what to call it."""
    match step:
        case rotation.Converged():
            return session, gen, "converged"
        case rotation.Rotated():
            moved = sessions.rotate(session, gen, now_ms=now_ms, idle_expires_at=idle_expires_at)
            return moved, moved.rotation.head, "rotated"
        case rotation.Recovered():
            moved = sessions.recover(session, now_ms=now_ms, idle_expires_at=idle_expires_at)
            return moved, moved.rotation.head, "recovered"
        case rotation.Superseded():
            raise Superseded
        case rotation.Replayed():
            revocations.revoke_replayed(session, now_ms=now_ms)
            raise InvalidGrant("replayed")
        case rotation.Forged():
            raise InvalidGrant("forged")
