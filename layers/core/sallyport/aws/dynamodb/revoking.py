"""The writes that revoke, for stores to put into their transactions: a change, and the entries that tell of it.

Each is conditional on the thing existing and not being revoked yet. So nobody can fill the list of entries by repeating
a revocation.
"""

from collections.abc import Mapping

from sallyport.audit import AuditEntry
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.entries import entry_item
from sallyport.aws.dynamodb.session_items import NOT_REVOKED, session_key
from sallyport.aws.dynamodb.table import DAY, Item, Key, Table, Write
from sallyport.aws.dynamodb.user_items import AT_VERSION, user_key
from sallyport.revocation.entries import Revoked, SessionRevoked, TokenRevoked, UserChanged, retention


def revoked_token_key(jti: str) -> Key:
    return f"JTI#{jti}", "JTI"


class RevokingWrites:
    """Makes writes that revoke. Revocation entries are kept for as long as a token could still be accepted.

    `access_token_seconds` decides how long that is; `shards` is the number of partitions that entries are spread on.
    """

    def __init__(self, table: Table, trail: AuditTrail, *, access_token_seconds: int, shards: int) -> None:
        self._table = table
        self._trail = trail
        self._retention = retention(access_token_seconds)
        self._shards = shards

    def entry(self, revoked: Revoked, now_ms: int) -> Write:
        """Return the write of an entry, which goes beside the change that it tells of."""
        expires_at = now_ms // 1000 + self._retention
        return self._table.put_in_transaction(entry_item(revoked, now_ms, expires_at=expires_at, shards=self._shards))

    def audited(self, audit: AuditEntry) -> Write:
        """Return the write of an audit entry, which goes beside the change that it tells of."""
        return self._trail.write(audit)

    def token_revoked(self, jti: str, now_ms: int) -> list[Write]:
        ends = now_ms // 1000 + self._retention
        pk, sk = revoked_token_key(jti)
        item = {"PK": pk, "SK": sk, "expires_at": ends, "ttl": ends + DAY}
        revoked = self._table.put_in_transaction(item, condition="attribute_not_exists(PK)")
        return [revoked, self.entry(TokenRevoked(jti), now_ms)]

    def session_revoked(
        self,
        user_id: str,
        sid: str,
        now_ms: int,
        *,
        condition: str = NOT_REVOKED,
        values: Item | None = None,
        names: Mapping[str, str] | None = None,
    ) -> list[Write]:
        now = now_ms // 1000
        revoked = self._table.update_in_transaction(
            session_key(user_id, sid),
            "SET revoked_at = :now, #ttl = :ttl",
            condition=condition,
            values={":now": now, ":ttl": now + DAY, **(values or {})},
            names={"#ttl": "ttl", **(names or {})},
        )
        return [revoked, self.entry(SessionRevoked(sid), now_ms)]

    def version_raised(self, user_id: str, ver: int, audit: AuditEntry) -> list[Write]:
        raised = self._table.update_in_transaction(
            user_key(user_id),
            "SET token_version = :raised",
            condition=AT_VERSION,
            values={":raised": ver + 1, ":ver": ver},
        )
        return [raised, self.entry(UserChanged(user_id, ver + 1), audit.at_ms), self.audited(audit)]
