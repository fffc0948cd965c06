"""DELETE /auth/sessions/{sid}: a user ends one of his sessions from another."""

from typing import Protocol

from sallyport.clock import Clock
from sallyport.identifiers import is_id
from sallyport.sessions.strict import Claimed, StrictReads, require_live


class SessionRevoker(Protocol):
    """Revokes sessions, together with the entry that tells authorizers of it."""

    def end(self, user_id: str, sid: str, *, now_ms: int) -> bool:
        """Revoke a session of this user. False if there was nothing left to revoke."""
        ...


def end_session(caller: Claimed, sid: str, *, sessions: StrictReads, revocations: SessionRevoker, clock: Clock) -> str:
    """End the session `sid`, if it is one of the caller's.

    The caller's own token is checked strictly, whatever the mode of the authorizer that let it pass.

    Answers what it did, for the log: `ended` or `nothing_to_end`. Raises InvalidToken if the caller's token is revoked.
    """
    now_ms = clock()
    require_live(caller, reads=sessions, now=now_ms // 1000)
    return "ended" if is_id(sid) and revocations.end(caller.sub, sid, now_ms=now_ms) else "nothing_to_end"
