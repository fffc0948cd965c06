"""End one of a user's sessions from another."""

from dataclasses import dataclass
from typing import Literal, Protocol

from sallyport.clock import Clock
from sallyport.identifiers import is_id
from sallyport.sessions.strict import Claimed, StrictReads, require_live

Outcome = Literal["ended", "nothing_to_end"]


class SessionRevoker(Protocol):
    """Revokes sessions, together with the entry that tells authorizers of it."""

    def end(self, user_id: str, sid: str, *, now_ms: int) -> bool:
        """Revoke a session of this user. False if there was nothing left to revoke."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """Ends sessions of the caller."""

    sessions: StrictReads
    revocations: SessionRevoker
    clock: Clock

    def __call__(self, caller: Claimed, sid: str) -> Outcome:
        """End the session `sid`, if it is one of the caller's. Return what was done, for the log.

        The caller's own token is checked strictly, whatever the mode of the authorizer that let it pass. Raises
        InvalidToken if it is revoked, Unavailable.
        """
        now_ms = self.clock()
        require_live(caller, reads=self.sessions, now=now_ms // 1000)
        has_ended = is_id(sid) and self.revocations.end(caller.sub, sid, now_ms=now_ms)
        return "ended" if has_ended else "nothing_to_end"
