"""Private keys at rest: a ring as it is stored, how it changes, and what seals it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sallyport.audit import KEYS, AuditEntry, Cause
from sallyport.keys.life_cycle import KeyRecord, Use
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class StoredRing:
    """A private ring as stored. `version` grows with every change, so that two runs cannot both act on one reading."""

    version: int
    keys: Mapping[str, KeyRecord]


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key ready to be stored: its private half sealed, its public half (if any) to be published."""

    record: KeyRecord
    jwk: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class RingChange:
    """One change of a ring: keys to add, kids to drop, and a standby that signs from `promoted_at` on (seconds)."""

    add: Sequence[SealedKey] = ()
    drop: Sequence[str] = ()
    promote: str | None = None
    promoted_at: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.add or self.drop or self.promote)

    def audit(self, use: Use, cause: Cause, *, now_ms: int) -> list[AuditEntry]:
        """Return an entry for each key that this change makes, promotes or drops."""
        created = [AuditEntry(KEYS, "key.created", now_ms, cause, use=use, kid=key.record.kid) for key in self.add]
        dropped = [AuditEntry(KEYS, "key.dropped", now_ms, cause, use=use, kid=kid) for kid in self.drop]
        if self.promote is None:
            return [*created, *dropped]
        return [AuditEntry(KEYS, "key.promoted", now_ms, cause, use=use, kid=self.promote), *created, *dropped]


class RingStore(Protocol):
    """Stores the rings."""

    def private_ring(self, use: Use) -> StoredRing: ...

    def change_ring(self, use: Use, change: RingChange, cause: Cause, *, version: int, now_ms: int) -> bool:
        """Store and publish `change` in one transaction with its audit entries.

        Returns False if the ring is no longer at `version`.
        """
        ...


class KeyCipher(Protocol):
    """Seals and opens private keys under the key-encryption key `key_id`."""

    @property
    def key_id(self) -> str: ...

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes: ...

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes: ...
