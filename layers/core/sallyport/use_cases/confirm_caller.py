"""Confirm callers: ask for their password again, before a change that a stolen access token must not make."""

from contextlib import suppress

from sallyport.accounts.guesses import GuessStore, key_of_session
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import NormalPassword
from sallyport.accounts.user import Account, AccountStore
from sallyport.clock import Clock
from sallyport.errors import TokenDead, TooManyAttempts, Unavailable, WrongPassword
from sallyport.sessions.session import Session, SessionStore
from sallyport.sessions.strict import VerifiedClaims, check_strictly
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCaller:
    """Checks a caller's token strictly, then their password. Wrong ones count against the caller's session."""

    sessions: SessionStore
    accounts: AccountStore
    passwords: Passwords
    guesses: GuessStore
    clock: Clock

    def __call__(self, caller: VerifiedClaims, password: NormalPassword) -> tuple[Session, Account]:
        """Return the caller's session, and their account at the version of their token.

        The account is read after the token was checked. Of a newer version, it would let a token that has just died
        ask for one more change. Raises TokenDead, WrongPassword, TooManyAttempts if passwords were guessed in this
        session, Unavailable.
        """
        session, _ = check_strictly(caller, sessions=self.sessions, now=self.clock() // 1000)
        account = self.accounts.of_user(caller.sub)
        if account is None:
            raise TokenDead("user")
        if account.user.token_version != caller.ver:
            raise TokenDead("ver")
        self._require(password, account, caller.sid)
        return session, account

    def _require(self, password: NormalPassword, account: Account, sid: str) -> None:
        """Compare a password, its failure counted in advance: a stolen access token must not guess for ever."""
        now_ms, counter = self.clock(), key_of_session(sid)
        if wait := self.guesses.reserve(counter, now_ms=now_ms):
            raise TooManyAttempts(wait)
        try:
            if not self.passwords.check(password, account.password_hash).matches:
                raise WrongPassword
            self.guesses.clear(counter, now=now_ms // 1000)
        except Unavailable:
            with suppress(Unavailable):
                self.guesses.give_back(counter)
            raise
