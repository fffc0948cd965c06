"""End one of a user's sessions from another."""

from typing import Literal

from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.identifiers import is_id
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.session import SessionStore
from sallyport.sessions.strict import VerifiedClaims, check_strictly
from sallyport.values import dataclass

Outcome = Literal["ended", "nothing_to_end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """Ends sessions of the caller."""

    sessions: SessionStore
    revocations: RevocationStore
    clock: Clock

    def __call__(self, caller: VerifiedClaims, sid: str, request_id: str) -> Outcome:
        """End the session `sid`, if it is one of the caller's. Return what was done.

        The caller's own token is checked strictly, whatever the mode of the authorizer that let it pass. Raises
        TokenDead, Unavailable.
        """
        now_ms = self.clock()
        check_strictly(caller, sessions=self.sessions, now=now_ms // 1000)
        audit = AuditEntry(caller.sub, "session.revoked", now_ms, by_user(request_id, caller.sid), sid=sid)
        has_ended = is_id(sid) and self.revocations.revoke_session(caller.sub, sid, audit)
        return "ended" if has_ended else "nothing_to_end"
