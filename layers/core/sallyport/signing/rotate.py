"""rotate_keys: make the keys that are missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sallyport.clock import Clock
from sallyport.errors import Unavailable
from sallyport.signing.lifecycle import KeyRecord, Use, missing
from sallyport.signing.make import NewKey

MAX_ATTEMPTS = 3


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


class RingStore(Protocol):
    """Keeps the rings."""

    def private_ring(self, use: Use) -> StoredRing: ...

    def add_keys(self, use: Use, keys: Sequence[SealedKey], *, version: int) -> bool:
        """Store and publish `keys` in one transaction. False if the ring is no longer at `version`."""
        ...


class Cipher(Protocol):
    """Seals private keys."""

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes: ...


def make_missing_keys(use: Use, make: Callable[[], NewKey], *, store: RingStore, cipher: Cipher, clock: Clock) -> int:
    """Bring the ring of `use` up to what `lifecycle.missing` asks for. Any number of runs may overlap.

    Answers how many keys this run made. Raises Unavailable.
    """
    for _ in range(MAX_ATTEMPTS):
        now = clock() // 1000
        ring = store.private_ring(use)
        keys = [_seal(make(), not_before, now, use, cipher) for not_before in missing(ring.keys.values(), now=now)]
        if not keys or store.add_keys(use, keys, version=ring.version):
            return len(keys)
    raise Unavailable("contention")


def _seal(key: NewKey, not_before: int, now: int, use: Use, cipher: Cipher) -> SealedKey:
    ciphertext = cipher.encrypt(key.secret, use=use, kid=key.kid)
    return SealedKey(KeyRecord(key.kid, key.alg, not_before, now, ciphertext), key.jwk)
