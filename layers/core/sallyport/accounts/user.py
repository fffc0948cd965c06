"""The user."""

from typing import Literal, Protocol

from sallyport.audit import AuditEntry, Standing
from sallyport.identifiers import new_user_id
from sallyport.values import dataclass, field

Status = Literal["active", "disabled"]

FIRST_TOKEN_VERSION = 1


@dataclass(frozen=True, slots=True)
class User:
    """A user as the table holds them, without their credential.

    `token_version` (`ver` in tokens) is raised to kill every token issued before. Times in seconds. `email_verified_at`
    is when the user last proved that they read mail at `email`, None if they never did.
    """

    user_id: str
    email: str = field(repr=False)
    token_version: int
    status: Status
    roles: tuple[str, ...]
    created_at: int
    email_verified_at: int | None = None

    @property
    def standing(self) -> Standing:
        """What the audit trail says of the user."""
        return Standing(self.roles, self.status)


def new_user(email: str, *, roles: tuple[str, ...] = (), is_verified: bool = False, now: int) -> User:
    """Return a user who does not exist yet, active, with an id of their own. `now` in seconds."""
    return User(
        user_id=new_user_id(),
        email=email,
        token_version=FIRST_TOKEN_VERSION,
        status="active",
        roles=roles,
        created_at=now,
        email_verified_at=now if is_verified else None,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """A user and their password hash, read together. None: the user has no password."""

    user: User
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """What a login reads of an address: its account, if there is one, and how often it has logged in of late.

    `logins_full_at_ms` is when its bucket of logins will be full again (accounts/throttle.py), 0 if nobody knows.
    """

    account: Account | None
    logins_full_at_ms: int = 0


class UserReader(Protocol):
    """Reads users, consistently."""

    def get(self, user_id: str) -> User | None: ...


class UserDirectory(UserReader, Protocol):
    """Finds users by their address, too."""

    def named(self, email: str) -> User | None:
        """Read the user of a canonical address, without their credential."""
        ...


class AccountStore(UserDirectory, Protocol):
    """Stores users, their credentials and their login names. Decoys are no users: `get` and `page` leave them out.

    A change returns False, having done nothing, if the user is not as they were read. It stores its audit entry in the
    same transaction, and happens at the entry's time. Every method raises Unavailable if infrastructure fails.
    """

    def find(self, email: str) -> Found:
        """Read the account of a canonical address. Makes the same calls whether there is one or not."""
        ...

    def of_user(self, user_id: str) -> Account | None:
        """Read the account of a user in one call."""
        ...

    def page(self, limit: int, *, after: str | None = None) -> tuple[list[User], str | None]:
        """Return up to `limit` users behind the user `after`, and what to pass as `after` for the next page, if any."""
        ...

    def create(self, user: User, password_hash: str, audit: AuditEntry) -> bool:
        """Store a user with credential and login name. Return False if the address is taken."""
        ...

    def replace_hash(self, account: Account, new_hash: str) -> bool:
        """Store a stronger hash of the same password."""
        ...

    def set_password(self, user: User, new_hash: str, audit: AuditEntry) -> bool:
        """Give a user another password without knowing the old one. Every token and session of theirs dies.

        The failures of strangers at this account are cleared.
        """
        ...

    def enable(self, user: User, audit: AuditEntry) -> bool:
        """Let a disabled user log in again; their old tokens stay dead. Return False if they are not disabled."""
        ...

    def disable(self, user: User, audit: AuditEntry) -> bool:
        """Keep a user out until they are enabled. Every token and session of theirs dies."""
        ...

    def change_roles(self, user: User, roles: tuple[str, ...], audit: AuditEntry) -> bool:
        """Give a user other roles, which revokes nothing. Return False also if they have these roles already."""
        ...

    def begin_leaving(self, user: User, *, now: int) -> bool:
        """Let no session of a user be opened, and their address not be moved, for a quarter of an hour."""
        ...

    def delete(self, user: User, audit: AuditEntry, *, sid: str | None = None) -> bool:
        """Delete a user with credential, login name, the session `sid` and the counters of their address.

        Every token of theirs dies. Sessions but `sid` are for the caller to delete. Their audit trail stays.
        """
        ...
