"""Private keys at rest: a ring as it is stored, how it changes, and what seals it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sallyport.keys.life_cycle import KeyRecord, Use


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


class RingStore(Protocol):
    """Stores the rings."""

    def private_ring(self, use: Use) -> StoredRing: ...

    def change_ring(self, use: Use, change: RingChange, *, version: int) -> bool:
        """Store and publish `change` in one transaction. Return False if the ring is no longer at `version`."""
        ...


class KeyCipher(Protocol):
    """Seals and opens private keys under the key-encryption key `key_id`."""

    @property
    def key_id(self) -> str: ...

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes: ...

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes: ...
