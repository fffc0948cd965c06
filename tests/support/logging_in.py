"""The use case of a login over any stores, with limits that no test meets unless it says so."""

from sallyport.accounts.guesses import Admission, GuessStore
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.throttle import ThrottleStore, attempts_of_client, key_of_address, logins_of_account
from sallyport.accounts.user import AccountStore, User
from sallyport.clock import Clock
from sallyport.sessions.issue import TokenIssuer
from sallyport.sessions.opening import OpeningStore
from sallyport.sessions.session import SessionStore
from sallyport.use_cases.admit_login import AdmitLogin
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.log_in import LogIn
from sallyport.use_cases.open_session import Lifetimes, OpenSession
from tests.support.builders import DAY, WEAK_PASSWORDS
from tests.support.issuing import ABSOLUTE, device_token_verifier, refresh_token_verifier, token_issuer

IDLE = 10 * DAY
MANY = 1_000_000


def login_over(
    accounts: AccountStore,
    sessions: SessionStore,
    openings: OpeningStore,
    throttle: ThrottleStore,
    guesses: GuessStore,
    *,
    clock: Clock,
    passwords: Passwords = WEAK_PASSWORDS,
    issuer: TokenIssuer | None = None,
    attempts: int = MANY,
    logins: int = MANY,
) -> LogIn:
    """Return the use case. A client may make `attempts`, an account may log in `logins` times at once."""
    return LogIn(
        limit_client=LimitClient(throttle=throttle, bucket=attempts_of_client(attempts), clock=clock),
        accounts=accounts,
        admit_login=AdmitLogin(
            guesses=guesses, devices=device_token_verifier(), bucket=logins_of_account(logins), clock=clock
        ),
        authenticate=Authenticate(accounts=accounts, passwords=passwords),
        open_session=OpenSession(
            sessions=sessions,
            openings=openings,
            verifier=refresh_token_verifier(),
            issuer=issuer or token_issuer(),
            life=Lifetimes(absolute=ABSOLUTE, idle=IDLE),
            clock=clock,
        ),
    )


def admission_of(user: User, *, counter: str | None = None, logins: int = MANY, full_at_ms: int = 0) -> Admission:
    """Return what a login of this user has been admitted with."""
    account = key_of_address(user.email)
    return Admission(account, counter or account, logins_of_account(logins), full_at_ms)
