"""The strict check: one consistent read says whether what an access token says is still true."""

from typing import Protocol

from sallyport.accounts.user import User
from sallyport.errors import TokenDead
from sallyport.sessions.session import Session, SessionStore, require_live


class VerifiedClaims(Protocol):
    """The claims of a verified access token that a database is asked about."""

    @property
    def sub(self) -> str: ...

    @property
    def sid(self) -> str: ...

    @property
    def jti(self) -> str: ...

    @property
    def ver(self) -> int: ...


def check_strictly(token: VerifiedClaims, *, sessions: SessionStore, now: int) -> tuple[Session, User]:
    """Return the session and the user behind a verified access token at `now` (seconds).

    Raises TokenDead if the token is revoked or its session dead, Unavailable.
    """
    user, session, is_revoked = sessions.load_all(token.sub, token.sid, token.jti)
    if is_revoked:
        raise TokenDead("jti")
    return require_live(session, user, ver=token.ver, now=now)
