"""Private keys, sealed. A key that has a public half is stored and published in one transaction."""

from sallyport.audit import Cause
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.public_keys import published_item, published_key
from sallyport.aws.dynamodb.table import ConditionFailed, Item, Key, Table, Write
from sallyport.keys.life_cycle import KeyRecord, Use
from sallyport.keys.store import RingChange, SealedKey, StoredRing

_RING = "RING"  # no kid: those have 22 or 43 characters


class SigningKeys:
    """The private key items."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def private_ring(self, use: Use) -> StoredRing:
        items = {item["SK"]: item for item in self._table.partition(_private(use))}
        ring = items.pop(_RING, None)
        return StoredRing(ring["version"] if ring else 0, {kid: _record(item) for kid, item in items.items()})


class KeyRings:
    """Changes the key items. Implements RingStore."""

    def __init__(self, table: Table, trail: AuditTrail) -> None:
        self._table = table
        self._trail = trail
        self._keys = SigningKeys(table)

    def private_ring(self, use: Use) -> StoredRing:
        return self._keys.private_ring(use)

    def change_ring(self, use: Use, change: RingChange, cause: Cause, *, version: int, now_ms: int) -> bool:
        writes = [
            *(write for key in change.add for write in self._add(use, key)),
            *(write for kid in change.drop for write in self._drop(use, kid)),
            *self._promote(use, change),
            self._count(use, version),
            *(self._trail.write(entry) for entry in change.audit(use, cause, now_ms=now_ms)),
        ]
        try:
            self._table.transact(writes)
        except ConditionFailed:
            return False
        return True

    def _add(self, use: Use, key: SealedKey) -> list[Write]:
        items = [_private_item(use, key.record)]
        if key.jwk:
            items.append(published_item(key.jwk, key.record.not_before))
        return [self._table.put_in_transaction(item, condition="attribute_not_exists(PK)") for item in items]

    def _drop(self, use: Use, kid: str) -> list[Write]:
        return [self._table.delete_in_transaction(key) for key in _keys_of(use, kid)]

    def _promote(self, use: Use, change: RingChange) -> list[Write]:
        if change.promote is None:
            return []
        return [
            self._table.update_in_transaction(
                key,
                "SET not_before = :now",
                condition="attribute_exists(PK)",
                values={":now": change.promoted_at},
            )
            for key in _keys_of(use, change.promote)
        ]

    def _count(self, use: Use, version: int) -> Write:
        """Move the ring to its next version. The one update that may create its item: a ring begins somewhere."""
        return self._table.update_in_transaction(
            (_private(use), _RING),
            "SET version = :next",
            condition="version = :version" if version else "attribute_not_exists(PK)",
            values={":next": version + 1, **({":version": version} if version else {})},
        )


def _private(use: Use) -> str:
    return f"SIGNING#{use}"


def _keys_of(use: Use, kid: str) -> list[Key]:
    """Name the items of a key: the sealed one, and the published one where there is one."""
    return [(_private(use), kid), *([published_key(kid)] if use == "access" else [])]


def _record(item: Item) -> KeyRecord:
    return KeyRecord(
        kid=item["SK"],
        alg=item["alg"],
        not_before=item["not_before"],
        created_at=item["created_at"],
        ciphertext=item["ciphertext"],
        sealed_under=item.get("sealed_under"),
    )


def _private_item(use: Use, record: KeyRecord) -> Item:
    return {
        "PK": _private(use),
        "SK": record.kid,
        "alg": record.alg,
        "not_before": record.not_before,
        "created_at": record.created_at,
        "ciphertext": record.ciphertext,
        "sealed_under": record.sealed_under,
    }
