"""Revocation entries as items: `REVOKED#<shard>` / `<ms>#<random>`. They hold nothing personal."""

import secrets
from collections.abc import Iterator

from sallyport.aws.dynamodb.table import DAY, Item, Table
from sallyport.errors import Unavailable
from sallyport.revocation.entries import Entry, Revoked, SessionRevoked, TokenRevoked, UserRevoked

_SAYING = ("jti", "sid", "sub", "ver", "expires_at")


class Entries:
    """Reads the entries of every shard."""

    def __init__(self, table: Table, *, shards: int) -> None:
        self._table = table
        self._shards = shards

    def since(self, start_ms: int) -> Iterator[Entry]:
        """Read all that was written since, by the writers' clocks. One Query per shard and page. Raises Unavailable."""
        for shard in range(self._shards):
            for item in self._table.partition(f"REVOKED#{shard}", since=_time(start_ms), only=_SAYING):
                yield _entry(item)


def entry_item(revoked: Revoked, now_ms: int, *, expires_at: int, shards: int) -> Item:
    return {
        "PK": f"REVOKED#{secrets.randbelow(shards)}",
        "SK": f"{_time(now_ms)}#{secrets.token_hex(16)}",
        **_what(revoked),
        "expires_at": expires_at,
        "ttl": expires_at + DAY,
    }


def _time(milliseconds: int) -> str:
    """Write a time so that it sorts as it passes."""
    return f"{max(milliseconds, 0):013}"


def _what(revoked: Revoked) -> Item:
    match revoked:
        case TokenRevoked(jti):
            return {"jti": jti}
        case SessionRevoked(sid):
            return {"sid": sid}
        case UserRevoked(sub, ver):
            return {"sub": sub, "ver": ver}


def _entry(item: Item) -> Entry:
    """Read an item. One that says nothing we understand may revoke anything: then we know too little to go on."""
    match item:
        case {"jti": str(jti), "expires_at": int(end)}:
            return Entry(TokenRevoked(jti), end)
        case {"sid": str(sid), "expires_at": int(end)}:
            return Entry(SessionRevoked(sid), end)
        case {"sub": str(sub), "ver": int(ver), "expires_at": int(end)}:
            return Entry(UserRevoked(sub, ver), end)
    raise Unavailable("revocation entry")
