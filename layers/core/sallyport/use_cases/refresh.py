"""Refresh: exchange a refresh token for new tokens (RFC 6749 s6; rotation, RFC 9700 s4.14)."""

from typing import Literal

from sallyport.accounts.user import User
from sallyport.audit import AuditEntry, by_system
from sallyport.clock import Clock
from sallyport.errors import InvalidGrant, InvalidToken, Superseded, TokenDead, TokenExpired, Unavailable
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions import rotation
from sallyport.sessions.issue import IssuedTokens, Signer, TokenIssuer
from sallyport.sessions.session import Mode, RaceLost, Session, SessionStore, require_live
from sallyport.tokens.refresh import RefreshToken, RefreshTokenVerifier
from sallyport.trail import Note, Trail
from sallyport.values import dataclass

MAX_ATTEMPTS = 4

_RACE_LOST: tuple[Note, ...] = ("race_lost",)

Outcome = Literal["converged", "rotated", "recovered"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """New tokens, and how they came about."""

    tokens: IssuedTokens
    outcome: Outcome
    trail: Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Exchanges refresh tokens. `leeway_ms` is the quiet time after a rotation (docs/refresh.md)."""

    verifier: RefreshTokenVerifier
    sessions: SessionStore
    revocations: RevocationStore
    issuer: TokenIssuer
    leeway_ms: int
    idle_seconds: int
    clock: Clock

    def __call__(self, unverified_token: str, mode: Mode, request_id: str) -> Refreshed:
        """Return new tokens for a refresh token that came through the channel `mode`.

        Reads user and session once, then makes at most one write. A request that loses a race follows the rule again,
        with the session as the winner left it and with a new time.

        Raises InvalidGrant if the token is not authentic, or its session is gone, ended, revoked or of another version,
        or was just revoked as replayed; Superseded if the client holds a newer token; Unavailable, also after one lost
        race too many.
        """
        token = self._verified(unverified_token)
        signer = self.issuer.signer()
        user, session = self.sessions.load(token.sub, token.sid)
        for races_lost in range(MAX_ATTEMPTS):
            trail = Trail(token.sid, _RACE_LOST * races_lost)
            now_ms = self.clock()
            living = _require_living(token, mode, (user, session), now_ms // 1000, trail)
            try:
                return self._exchange(token.gen, living, signer, now_ms, trail=trail, request_id=request_id)
            except RaceLost as lost:
                session = lost.current
        raise Unavailable("contention", trail=Trail(token.sid, _RACE_LOST * MAX_ATTEMPTS))

    def _verified(self, unverified_token: str) -> RefreshToken:
        try:
            return self.verifier.verify(unverified_token, now=self.clock() // 1000)
        except TokenExpired as error:
            raise InvalidGrant(error.reason, outcome="expired") from None
        except InvalidToken as error:
            raise InvalidGrant(error.reason) from None

    def _exchange(
        self, gen: int, session: Session, signer: Signer, now_ms: int, *, trail: Trail, request_id: str
    ) -> Refreshed:
        """Do what presenting a generation means now: make its one write, then return tokens or raise.

        Raises RaceLost if another request wrote first.
        """
        now = now_ms // 1000
        idle_expires_at = min(now + self.idle_seconds, session.expires_at)

        def refreshed(outcome: Outcome, moved: Session, gen: int, trail: Trail = trail) -> Refreshed:
            return Refreshed(signer.issue(moved, gen, now=now), outcome, trail)

        match rotation.next_step(session.rotation, gen, now_ms=now_ms, leeway_ms=self.leeway_ms):
            case rotation.Converged():
                return refreshed("converged", session, gen)
            case rotation.Rotated():
                moved = self.sessions.rotate(session, gen, now_ms=now_ms, idle_expires_at=idle_expires_at)
                head = moved.rotation.head
                return refreshed("rotated", moved, head, trail if gen == head - 1 else trail.adding("sibling_skipped"))
            case rotation.Recovered():
                moved = self.sessions.recover(session, now_ms=now_ms, idle_expires_at=idle_expires_at)
                return refreshed("recovered", moved, moved.rotation.head)
            case rotation.Superseded():
                raise Superseded(trail=trail)
            case rotation.Replayed():
                cause = by_system(request_id)
                audit = AuditEntry(session.user_id, "session.replayed", now_ms, cause, sid=session.sid)
                self.revocations.revoke_replayed(session, audit)
                raise InvalidGrant("replayed", outcome="replayed", trail=trail)
            case rotation.Forged():
                raise InvalidGrant("forged", outcome="forged", trail=trail)


def _require_living(
    token: RefreshToken, mode: Mode, read: tuple[User | None, Session | None], now: int, trail: Trail
) -> Session:
    """Return the living session behind a token. Raises InvalidGrant if there is none, or it is of another channel."""
    user, session = read
    try:
        living, _ = require_live(session, user, ver=token.ver, now=now)
    except TokenDead as dead:
        raise InvalidGrant(
            dead.reason, outcome="expired" if dead.why == "expired" else "revoked", trail=trail
        ) from None
    if living.mode != mode:
        raise InvalidGrant("channel", trail=trail)
    return living
