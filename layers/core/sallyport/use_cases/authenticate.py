"""Authenticate: find out who knows a password."""

from dataclasses import dataclass
from typing import Protocol

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import NormalPassword
from sallyport.accounts.user import Account, User
from sallyport.errors import InvalidCredentials, Unavailable


class AccountStore(Protocol):
    """Finds who wants to log in."""

    def find(self, email: str) -> Account | None:
        """Find the account of a canonical address. Makes the same calls whether there is one or not."""
        ...

    def replace_hash(self, account: Account, new_hash: str) -> bool:
        """Store a stronger hash of the same password, unless password or token version changed in between."""
        ...


@dataclass(frozen=True, slots=True)
class Authenticated:
    """The user who knows the password. `also` has what happened on the way, for the trail."""

    user: User
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate:
    """Says whose password it is. Opens no session."""

    accounts: AccountStore
    passwords: Passwords

    def __call__(self, email: str, password: NormalPassword) -> Authenticated:
        """Return the user of a canonical address, if this is their password. Replace a hash that has become too weak.

        Raises InvalidCredentials for an unknown address, a wrong password and a disabled user, after the same calls
        and the same hash; Unavailable.
        """
        account = self.accounts.find(email)
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
