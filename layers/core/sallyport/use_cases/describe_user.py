"""Describe a user to themselves."""

from dataclasses import dataclass

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.sessions.strict import Claimed, StrictReads, require_live


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeUser:
    """Finds the user whom an access token names."""

    sessions: StrictReads
    clock: Clock

    def __call__(self, caller: Claimed) -> User:
        """Return the caller's user. Checks the token strictly. Raises InvalidToken if it is revoked, Unavailable."""
        user, _ = require_live(caller, reads=self.sessions, now=self.clock() // 1000)
        return user
