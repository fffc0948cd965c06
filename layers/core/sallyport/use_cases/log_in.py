"""Log in with a password."""

from collections.abc import Iterable
from contextlib import suppress

from sallyport.accounts.guesses import Admission
from sallyport.accounts.password import NormalPassword
from sallyport.accounts.user import AccountStore, Found
from sallyport.errors import ChangedMeanwhile, TooManyAttempts, Unavailable
from sallyport.sessions.session import Device, Mode
from sallyport.use_cases.admit_login import AdmitLogin
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.open_session import LoggedIn, OpenSession, UserMoved
from sallyport.values import dataclass, field, replace

_TIMES = 2


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login as it was asked for. The tokens are not verified yet.

    `replaces` are refresh tokens of sessions on this device, `device_token` tells that it has logged in before.
    """

    email: str = field(repr=False)
    password: NormalPassword = field(repr=False)
    device: Device
    mode: Mode
    replaces: Iterable[str] = field(default=(), repr=False)
    device_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """Authenticates a user and opens a session for them, unless someone has tried too often."""

    limit_client: LimitClient
    accounts: AccountStore
    admit_login: AdmitLogin
    authenticate: Authenticate
    open_session: OpenSession

    def __call__(self, attempt: Attempt) -> LoggedIn:
        """Return the tokens of a new session (use_cases/open_session.py).

        A request that is refused for its client's address touches nothing of the account, and where a failure of
        infrastructure leaves open whether the password was right, no failure is counted.

        Raises InvalidCredentials, TooManyAttempts, ChangedMeanwhile, Unavailable.
        """
        self.limit_client(attempt.device.ip)
        found = self.accounts.find(attempt.email)
        admission = self.admit_login(attempt.email, found, attempt.device_token)
        try:
            return self._open(attempt, found, admission)
        except (Unavailable, TooManyAttempts):
            self.admit_login.give_back(admission)
            raise

    def _open(self, attempt: Attempt, found: Found, admission: Admission) -> LoggedIn:
        """Authenticate and open a session.

        If the user changes between the two steps, as by a reset of their password, they are authenticated once more:
        the password may no longer be theirs.
        """
        older = list(attempt.replaces)
        for _ in range(_TIMES):
            who = self.authenticate(found.account, attempt.password)
            with suppress(UserMoved):
                opened = self.open_session(who.user, attempt.device, attempt.mode, admission, replaces=older)
                return replace(opened, trail=opened.trail.adding(*who.also))
            found = self.accounts.find(attempt.email)
        raise ChangedMeanwhile
