"""Authenticate: decide whether this is the user's password."""

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import NormalPassword
from sallyport.accounts.user import Account, AccountStore, User
from sallyport.errors import InvalidCredentials, Unavailable
from sallyport.trail import Note
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The user who knows the password. `also` is for the trail."""

    user: User
    also: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    """Checks passwords. Opens no session."""

    accounts: AccountStore
    passwords: Passwords

    def __call__(self, account: Account | None, password: NormalPassword) -> Authenticated:
        """Return the user of an account, if this is their password. Replace a hash that has become too weak.

        Raises InvalidCredentials for no account, a wrong password, a user without a password and a disabled user, after
        the same hash; Unavailable.
        """
        verdict = self.passwords.check(password, account.password_hash if account else None)
        if account is None or not verdict.matches or account.user.status != "active":
            raise InvalidCredentials
        if not verdict.outdated:
            return Authenticated(account.user)
        try:
            self.accounts.replace_hash(account, self.passwords.hash(password))
        except Unavailable:  # the password is right; the next login tries again
            return Authenticated(account.user, ("not_rehashed",))
        return Authenticated(account.user)
