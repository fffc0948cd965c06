"""The strict check: one consistent read says whether what an access token says is still true."""

from typing import Protocol

from sallyport.accounts.user import User
from sallyport.errors import InvalidToken
from sallyport.sessions.session import Session, why_dead


class Claimed(Protocol):
    """What an access token says of itself, once it is verified."""

    @property
    def sub(self) -> str: ...

    @property
    def sid(self) -> str: ...

    @property
    def jti(self) -> str: ...

    @property
    def ver(self) -> int: ...


class StrictReads(Protocol):
    """One consistent read of all that decides."""

    def load_all(self, user_id: str, sid: str, jti: str) -> tuple[User | None, Session | None, bool]:
        """Read the user, the session and whether the token itself is revoked."""
        ...


def require_live(token: Claimed, *, reads: StrictReads, now: int) -> tuple[User, Session]:
    """Answer the user and the session of a verified access token. Raises InvalidToken if the token is revoked."""
    user, session, is_revoked = reads.load_all(token.sub, token.sid, token.jti)
    dead = "jti" if is_revoked else why_dead(session, user, ver=token.ver, now=now)
    if dead is not None or user is None or session is None:
        raise InvalidToken(dead)
    return user, session
