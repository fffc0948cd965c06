"""Confirm callers: ask for their password again, before a change that a stolen access token must not make."""

from dataclasses import dataclass

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import NormalPassword
from sallyport.accounts.user import Account, AccountStore
from sallyport.clock import Clock
from sallyport.errors import TokenDead, WrongPassword
from sallyport.sessions.session import Session, SessionStore
from sallyport.sessions.strict import VerifiedClaims, check_strictly


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCaller:
    """Checks a caller's token strictly, then their password."""

    sessions: SessionStore
    accounts: AccountStore
    passwords: Passwords
    clock: Clock

    def __call__(self, caller: VerifiedClaims, password: NormalPassword) -> tuple[Session, Account]:
        """Return the caller's session, and their account at the version of their token.

        The account is read after the token was checked. Of a newer version, it would let a token that has just died
        ask for one more change. Raises TokenDead, WrongPassword, Unavailable.
        """
        session, _ = check_strictly(caller, sessions=self.sessions, now=self.clock() // 1000)
        account = self.accounts.of_user(caller.sub)
        if account is None:
            raise TokenDead("user")
        if account.user.token_version != caller.ver:
            raise TokenDead("ver")
        if not self.passwords.check(password, account.password_hash).matches:
            raise WrongPassword
        return session, account
