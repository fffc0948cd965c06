"""rotate_keys: keep the rings as `lifecycle` says, and promote a standby in an emergency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sallyport.clock import Clock
from sallyport.errors import Unavailable
from sallyport.keys.life_cycle import KeyRecord, Policy, Use, active, plan, standby
from sallyport.keys.make import NewKey, new_key

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


@dataclass(frozen=True, slots=True)
class RingChange:
    """One change of a ring: keys to add, kids to drop, and a standby whose time is now."""

    add: Sequence[SealedKey] = ()
    drop: Sequence[str] = ()
    promote: str | None = None
    promoted_at: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.add or self.drop or self.promote)


class RingStore(Protocol):
    """Keeps the rings."""

    def private_ring(self, use: Use) -> StoredRing: ...

    def change_ring(self, use: Use, change: RingChange, *, version: int) -> bool:
        """Store and publish `change` in one transaction. False if the ring is no longer at `version`."""
        ...


class Cipher(Protocol):
    """Seals private keys."""

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Rings:
    """Both key rings and what it takes to keep them. Any number of runs may overlap."""

    policies: Mapping[Use, Policy]
    store: RingStore
    cipher: Cipher
    clock: Clock

    def keep(self, use: Use) -> RingChange:
        """Bring a ring to what `lifecycle.plan` asks for. Answers what this run changed. Raises Unavailable."""
        policy = self.policies[use]

        def wanted(ring: StoredRing, now: int) -> RingChange:
            found = plan(ring.keys.values(), now=now, policy=policy)
            added = [self._seal(new_key(policy.alg), not_before, now, use) for not_before in found.make]
            return RingChange(add=added, drop=found.drop)

        return self._change(use, wanted)

    def promote(self, use: Use, *, drop_older: bool) -> RingChange:
        """Let another key sign from now on, in an emergency: the standby, or if there is none a new one.

        With `drop_older` every key goes that has signed so far, because one of them has leaked: within a minute their
        tokens are refused by Sallyport, though not by native gateways, which cache key sets for up to two hours.
        Without, old tokens stay good.

        Answers what this run changed. Raises Unavailable.
        """
        policy = self.policies[use]

        def wanted(ring: StoredRing, now: int) -> RingChange:
            records = ring.keys.values()
            next_key, signing = standby(records, now=now), active(records, now=now)
            has_signed = [record.kid for record in records if signing and record.not_before <= signing.not_before]
            drop = has_signed if drop_older else ()
            at = max(now, signing.not_before + 1) if signing else now  # of two of one second the kid would decide
            if next_key is None:
                return RingChange(add=[self._seal(new_key(policy.alg), at, now, use)], drop=drop)
            return RingChange(drop=drop, promote=next_key.kid, promoted_at=at)

        return self._change(use, wanted)

    def _change(self, use: Use, wanted: Callable[[StoredRing, int], RingChange]) -> RingChange:
        for _ in range(MAX_ATTEMPTS):
            ring = self.store.private_ring(use)
            change = wanted(ring, self.clock() // 1000)
            if change.is_empty or self.store.change_ring(use, change, version=ring.version):
                return change
        raise Unavailable("contention")

    def _seal(self, key: NewKey, not_before: int, now: int, use: Use) -> SealedKey:
        ciphertext = self.cipher.encrypt(key.secret, use=use, kid=key.kid)
        return SealedKey(KeyRecord(key.kid, key.alg, not_before, now, ciphertext), key.jwk)
