"""Private keys, sealed. A key that has a public half is stored and published in one transaction."""

from collections.abc import Sequence

from sallyport.aws.dynamodb.public_keys import published_item
from sallyport.aws.dynamodb.table import ConditionFailed, Item, Table
from sallyport.signing.lifecycle import KeyRecord, Use
from sallyport.signing.rotate import SealedKey, StoredRing

_RING = "RING"  # no kid: those have 22 or 43 characters


class SigningKeys:
    """The private key items. Implements `signing.rotate.RingStore`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def private_ring(self, use: Use) -> StoredRing:
        items = {item["SK"]: item for item in self._table.partition(_private(use))}
        ring = items.pop(_RING, None)
        return StoredRing(ring["version"] if ring else 0, {kid: _record(item) for kid, item in items.items()})

    def add_keys(self, use: Use, keys: Sequence[SealedKey], *, version: int) -> bool:
        absent = "attribute_not_exists(PK)"
        stored = [self._table.put_in_transaction(_private_item(use, key.record), condition=absent) for key in keys]
        published = [
            self._table.put_in_transaction(published_item(key.jwk, key.record.not_before), condition=absent)
            for key in keys
            if key.jwk
        ]
        # The one update that may create its item: a ring begins somewhere.
        counted = self._table.update_in_transaction(
            (_private(use), _RING),
            "SET version = :next",
            condition="version = :version" if version else "attribute_not_exists(PK)",
            values={":next": version + 1, **({":version": version} if version else {})},
        )
        try:
            self._table.transact([*stored, *published, counted])
        except ConditionFailed:
            return False
        return True


def _private(use: Use) -> str:
    return f"SIGNING#{use}"


def _record(item: Item) -> KeyRecord:
    return KeyRecord(item["SK"], item["alg"], item["not_before"], item["created_at"], item["ciphertext"])


def _private_item(use: Use, record: KeyRecord) -> Item:
    return {
        "PK": _private(use),
        "SK": record.kid,
        "alg": record.alg,
        "not_before": record.not_before,
        "created_at": record.created_at,
        "ciphertext": record.ciphertext,
    }
