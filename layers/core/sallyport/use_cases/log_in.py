"""Log in with a password."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from sallyport.accounts.password import NormalPassword
from sallyport.errors import ChangedMeanwhile
from sallyport.sessions.session import Device, Mode
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.open_session import LoggedIn, OpenSession, UserMoved

_TIMES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """Authenticates a user and opens a session for them."""

    authenticate: Authenticate
    open_session: OpenSession

    def __call__(
        self, email: str, password: NormalPassword, device: Device, mode: Mode, *, replaces: Iterable[str] = ()
    ) -> LoggedIn:
        """Return the tokens of a new session (use_cases/open_session.py).

        If the user changes between the two steps, as by a reset of their password, they are authenticated once more:
        the password may no longer be theirs. Raises InvalidCredentials, ChangedMeanwhile, Unavailable.
        """
        older = list(replaces)
        for _ in range(_TIMES):
            who = self.authenticate(email, password)
            with suppress(UserMoved):
                opened = self.open_session(who.user, device, mode, replaces=older)
                return replace(opened, trail=opened.trail.adding(*who.also))
        raise ChangedMeanwhile
