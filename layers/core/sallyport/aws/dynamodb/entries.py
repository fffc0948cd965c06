"""Revocation entries as items: `REVOKED#<shard>` / `<ms>#<random>`. They hold nothing personal."""

import secrets
from collections.abc import Iterator

from sallyport.aws.dynamodb.table import DAY, Item, Table
from sallyport.errors import Unavailable
from sallyport.revocation.entries import Entry, Revoked, SessionRevoked, TokenRevoked, UserChanged, UserDeleted
from sallyport.tokens.claims import MAX_INTEGER

_EVERY_VERSION = MAX_INTEGER + 1  # above every `ver` that a token can carry: a deleted user's
_READ = ("jti", "sid", "sub", "ver", "expires_at")


class Entries:
    """Reads the entries of every shard. Implements EntryStore."""

    def __init__(self, table: Table, *, shards: int) -> None:
        self._table = table
        self._shards = shards

    def since(self, start_ms: int) -> Iterator[Entry]:
        """Read all that was written since, by the writers' clocks, with one Query per shard and page.

        Raises Unavailable.
        """
        for shard in range(self._shards):
            for item in self._table.partition(f"REVOKED#{shard}", since=_time(start_ms), only=_READ):
                yield _entry(item)


def entry_item(revoked: Revoked, now_ms: int, *, expires_at: int, shards: int) -> Item:
    return {
        "PK": f"REVOKED#{secrets.randbelow(shards)}",
        "SK": f"{_time(now_ms)}#{secrets.token_hex(16)}",
        **_attributes(revoked),
        "expires_at": expires_at,
        "ttl": expires_at + DAY,
    }


def _time(milliseconds: int) -> str:
    """Return a time as text that sorts as time passes."""
    return f"{max(milliseconds, 0):013}"


def _attributes(revoked: Revoked) -> Item:
    match revoked:
        case TokenRevoked(jti):
            return {"jti": jti}
        case SessionRevoked(sid):
            return {"sid": sid}
        case UserChanged(sub, ver):
            return {"sub": sub, "ver": ver}
        case UserDeleted(sub):
            return {"sub": sub, "ver": _EVERY_VERSION}


def _entry(item: Item) -> Entry:
    """Read an item. Raises Unavailable for an unknown kind of entry: it may revoke anything, so the poll has failed."""
    match item:
        case {"jti": str(jti), "expires_at": int(end)}:
            return Entry(TokenRevoked(jti), end)
        case {"sid": str(sid), "expires_at": int(end)}:
            return Entry(SessionRevoked(sid), end)
        case {"sub": str(sub), "ver": int(ver), "expires_at": int(end)}:
            return Entry(UserChanged(sub, ver) if ver < _EVERY_VERSION else UserDeleted(sub), end)
    raise Unavailable("revocation entry")
