"""POST /auth/logout: end one session, or all of a user's."""

from typing import Protocol, TypeAlias

from sallyport.clock import Clock
from sallyport.errors import InvalidToken
from sallyport.sessions.session import Mode
from sallyport.sessions.strict import StrictReads, require_live
from sallyport.tokens.access import AccessToken
from sallyport.tokens.refresh import RefreshToken


class Revoker(Protocol):
    """Revokes, together with the entry that tells authorizers of it."""

    def end(self, user_id: str, sid: str, *, now_ms: int, mode: Mode | None = None) -> bool:
        """Revoke a session, if it has this mode (None: any). False if there was nothing left to revoke."""
        ...

    def raise_version(self, user_id: str, ver: int, *, now_ms: int) -> bool:
        """Raise the user's token version from `ver`. False if it is no longer that."""
        ...


Credential: TypeAlias = RefreshToken | AccessToken


def logout(
    credential: Credential,
    mode: Mode | None,
    *,
    everywhere: bool,
    sessions: StrictReads,
    revocations: Revoker,
    clock: Clock,
) -> str:
    """End the session of an authentic credential; with `everywhere`, every session of its user.

    `mode` is the channel of a refresh token, which must be its session's, or else nothing happens; None for an access
    token, which has no channel of its own.

    Any authentic refresh token ends its own session, whatever its generation. `everywhere` needs a live credential:
    a candidate or the parent of a live session, or an access token that is not revoked. Otherwise only the session
    ends, so that a token from an old backup cannot log a user out of all his devices.

    Answers what it did, for the log: `everywhere`, `ended` or `nothing_to_end`.
    """
    now_ms = clock()
    may_end_all = everywhere and _is_live(credential, mode, sessions, now=now_ms // 1000)
    if may_end_all and revocations.raise_version(credential.sub, credential.ver, now_ms=now_ms):
        return "everywhere"
    return "ended" if revocations.end(credential.sub, credential.sid, now_ms=now_ms, mode=mode) else "nothing_to_end"


def _is_live(credential: Credential, mode: Mode | None, sessions: StrictReads, *, now: int) -> bool:
    try:
        _, session = require_live(credential, reads=sessions, now=now)
    except InvalidToken:
        return False
    if mode not in (None, session.mode):
        return False
    if isinstance(credential, AccessToken):
        return True
    rotation = session.rotation
    return credential.gen == rotation.parent or rotation.first <= credential.gen <= rotation.head
