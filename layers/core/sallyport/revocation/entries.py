"""The revocation entry: what tells authorizers of a revocation while a token could still be accepted."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, TypeAlias

from sallyport.values import dataclass

if TYPE_CHECKING:  # an authorizer reads entries, and stores none
    from sallyport.audit import AuditEntry
    from sallyport.sessions.session import Mode, Session

_SLACK_SECONDS = 120  # clock leeway, skew between environments, a refresh in flight, a slow commit


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """One access token is void."""

    jti: str


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    """Every access token of one session is void."""

    sid: str


@dataclass(frozen=True, slots=True)
class UserChanged:
    """A user is no longer as they were: tokens with a version below `ver` are void, and roles are to be read again.

    Where only the roles have changed, `ver` is the current version and nothing is void.
    """

    sub: str
    ver: int


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """Every token of a user is void."""

    sub: str


Revoked: TypeAlias = TokenRevoked | SessionRevoked | UserChanged | UserDeleted


@dataclass(frozen=True, slots=True)
class Entry:
    """A revocation, and the second until which it is kept and honoured."""

    revoked: Revoked
    expires_at: int


def retention(access_token_seconds: int) -> int:
    """Return for how many seconds an entry is kept and honoured."""
    return access_token_seconds + _SLACK_SECONDS


class EntryStore(Protocol):
    """Reads revocation entries."""

    def since(self, start_ms: int) -> Iterable[Entry]:
        """Return every entry written at or after `start_ms`, from all shards, read consistently. Raises Unavailable."""
        ...


class RevocationStore(Protocol):
    """Revokes: each a transaction of the change itself and the entry that tells authorizers of it.

    What is done by force stores its audit entry in that transaction, too, and happens at the entry's time.

    Every method raises Unavailable if infrastructure fails.
    """

    def revoke_token(self, jti: str, *, now_ms: int) -> bool:
        """Revoke one access token. Return False if it is revoked already."""
        ...

    def end(self, user_id: str, sid: str, *, now_ms: int, mode: "Mode | None" = None) -> bool:
        """Log a session out, if it has this mode (None: any). Return False if there was nothing left to revoke."""
        ...

    def revoke_session(self, user_id: str, sid: str, audit: "AuditEntry") -> bool:
        """Revoke a session from elsewhere. Return False if there was nothing left to revoke."""
        ...

    def revoke_replayed(self, session: "Session", audit: "AuditEntry") -> None:
        """Revoke a session whose token was replayed, provided it is as it was read. Raises RaceLost."""
        ...

    def raise_version(self, user_id: str, ver: int, audit: "AuditEntry") -> bool:
        """Raise the user's token version from `ver`. Return False if it is no longer that."""
        ...
