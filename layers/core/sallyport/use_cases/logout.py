"""Log out: end one session, or all of a user's."""

from typing import Literal, TypeAlias

from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.errors import InvalidToken
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.session import Mode, SessionStore
from sallyport.sessions.strict import check_strictly
from sallyport.tokens.access import AccessToken, AccessTokenVerifier
from sallyport.tokens.refresh import RefreshToken, RefreshTokenVerifier
from sallyport.trail import NO_TRAIL, Trail
from sallyport.values import dataclass

Credential: TypeAlias = RefreshToken | AccessToken
Outcome = Literal["everywhere", "ended", "nothing_to_end"]


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """What a logout did."""

    outcome: Outcome
    trail: Trail = NO_TRAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """Ends what an authentic credential stands for.

    Any authentic refresh token ends its own session, whatever its generation. `everywhere` needs a live credential: a
    candidate or the parent of a live session, or an access token that is not revoked. Otherwise only the session ends,
    so that a token from an old backup cannot log a user out of all their devices.
    """

    refresh_tokens: RefreshTokenVerifier
    access_tokens: AccessTokenVerifier
    sessions: SessionStore
    revocations: RevocationStore
    clock: Clock

    def by_refresh_token(self, unverified_token: str, mode: Mode, request_id: str, *, everywhere: bool) -> LoggedOut:
        """Log out by a refresh token. One that came through another channel than its session's ends nothing.

        Raises Unavailable.
        """
        try:
            token = self.refresh_tokens.verify(unverified_token, now=self.clock() // 1000)
        except InvalidToken:
            return LoggedOut("nothing_to_end")
        return self._end(token, mode, request_id, everywhere=everywhere)

    def by_access_token(self, unverified_token: str, request_id: str, *, everywhere: bool) -> LoggedOut:
        """Log out by an access token, which has no channel of its own. Raises Unavailable."""
        try:
            token = self.access_tokens.verify(unverified_token, now=self.clock() // 1000)
        except InvalidToken:
            return LoggedOut("nothing_to_end")
        return self._end(token, None, request_id, everywhere=everywhere)

    def _end(self, credential: Credential, mode: Mode | None, request_id: str, *, everywhere: bool) -> LoggedOut:
        now_ms = self.clock()
        trail = Trail(credential.sid)
        may_end_all = everywhere and self._is_live(credential, mode, now=now_ms // 1000)
        audit = AuditEntry(credential.sub, "sessions.revoked", now_ms, by_user(request_id, credential.sid))
        if may_end_all and self.revocations.raise_version(credential.sub, credential.ver, audit):
            return LoggedOut("everywhere", trail)
        has_ended = self.revocations.end(credential.sub, credential.sid, now_ms=now_ms, mode=mode)
        return LoggedOut("ended" if has_ended else "nothing_to_end", trail)

    def _is_live(self, credential: Credential, mode: Mode | None, *, now: int) -> bool:
        try:
            session, _ = check_strictly(credential, sessions=self.sessions, now=now)
        except InvalidToken:
            return False
        if mode not in (None, session.mode):
            return False
        if isinstance(credential, AccessToken):
            return True
        rotation = session.rotation
        return credential.gen == rotation.parent or rotation.first <= credential.gen <= rotation.head
