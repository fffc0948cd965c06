"""Describe a user to themselves."""

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.sessions.session import SessionStore
from sallyport.sessions.strict import VerifiedClaims, check_strictly
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeUser:
    """Finds the user of an access token."""

    sessions: SessionStore
    clock: Clock

    def __call__(self, caller: VerifiedClaims) -> User:
        """Return the caller's user. Checks the token strictly. Raises TokenDead, Unavailable."""
        _, user = check_strictly(caller, sessions=self.sessions, now=self.clock() // 1000)
        return user
