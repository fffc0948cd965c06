"""Rotate keys: bring the rings to what `keys.life_cycle` says, and promote a standby in an emergency."""

from collections.abc import Callable, Mapping

from sallyport.audit import Cause
from sallyport.clock import Clock
from sallyport.errors import KeysSealedElsewhere, KmsKeyUnusable, SettingsError, Unavailable
from sallyport.keys.life_cycle import KeyRecord, Policy, Use, active, plan, standby
from sallyport.keys.make import NewKey, new_key
from sallyport.keys.store import KeyCipher, RingChange, RingStore, SealedKey, StoredRing
from sallyport.values import dataclass

MAX_ATTEMPTS = 3

_TRIAL = "trial"  # no kid: those have 22 or 43 characters


@dataclass(frozen=True, slots=True)
class RotateKeys:
    """Changes both key rings. Any number of runs may overlap.

    Every method but `forget` raises KeysSealedElsewhere, having changed nothing, if a key of the ring is sealed under
    another KMS key than the stack's: a table that was restored or imported, or a key that was lost. Such a ring signs
    nothing here.
    """

    policies: Mapping[Use, Policy]
    store: RingStore
    cipher: KeyCipher
    clock: Clock

    def keep(self, use: Use, cause: Cause) -> RingChange:
        """Bring a ring to what `life_cycle.plan` asks for. Return what this run changed. Raises Unavailable."""
        policy = self.policies[use]

        def wanted(ring: StoredRing, now: int) -> RingChange:
            self._require_ours(use, ring)
            found = plan(ring.keys.values(), now=now, policy=policy)
            added = [self._seal(new_key(policy.alg), not_before, now, use) for not_before in found.make]
            return RingChange(add=added, drop=found.drop)

        return self._change(use, cause, wanted)

    def require_kms_key(self, *, lost: str | None = None) -> None:
        """See that KMS seals under the stack's key, and that the rings are sealed under it or under a `lost` one.

        A ring that needs nothing asks KMS nothing, so a key that was disabled or lost would not be noticed for weeks.
        Raises KmsKeyUnusable, Unavailable; SettingsError if the stack's own key is called lost.
        """
        if lost == self.cipher.key_id:
            raise SettingsError([f"LostKeyArn is {lost}, which is this stack's KMS key: it seals what is made anew"])
        for use in self.policies:
            self._require_ours(use, self.store.private_ring(use), lost)
            try:
                self.cipher.encrypt(_TRIAL.encode(), use=use, kid=_TRIAL)
            except Unavailable as failure:
                raise KmsKeyUnusable(self.cipher.key_id, failure) from failure

    def forget(self, use: Use, lost_key: str, cause: Cause) -> RingChange:
        """Drop every key that a KMS key has sealed which is gone for good. Nobody can open them any more.

        What they signed is refused from now on. Return what this run changed. Raises Unavailable.
        """

        def wanted(ring: StoredRing, _now: int) -> RingChange:
            return RingChange(drop=[kid for kid, record in ring.keys.items() if record.sealed_under == lost_key])

        return self._change(use, cause, wanted)

    def promote(self, use: Use, cause: Cause, *, drop_older: bool) -> RingChange:
        """Let another key sign from now on, in an emergency: the standby, or a new one if there is none.

        With `drop_older` every key is dropped that has signed so far, because one of them has leaked. Sallyport refuses
        their tokens within a minute; native gateways cache key sets and accept them for up to two hours more. Without
        `drop_older` old tokens stay good.

        Return what this run changed. Raises Unavailable.
        """
        policy = self.policies[use]

        def wanted(ring: StoredRing, now: int) -> RingChange:
            self._require_ours(use, ring)
            records = ring.keys.values()
            next_key, signing = standby(records, now=now), active(records, now=now)
            has_signed = [record.kid for record in records if signing and record.not_before <= signing.not_before]
            drop = has_signed if drop_older else ()
            # A second later than the active key began: of two keys of one second the `kid` would decide.
            at = max(now, signing.not_before + 1) if signing else now
            if next_key is None:
                return RingChange(add=[self._seal(new_key(policy.alg), at, now, use)], drop=drop)
            return RingChange(drop=drop, promote=next_key.kid, promoted_at=at)

        return self._change(use, cause, wanted)

    def _change(self, use: Use, cause: Cause, wanted: Callable[[StoredRing, int], RingChange]) -> RingChange:
        for _ in range(MAX_ATTEMPTS):
            ring = self.store.private_ring(use)
            now_ms = self.clock()
            change = wanted(ring, now_ms // 1000)
            if change.is_empty or self.store.change_ring(use, change, cause, version=ring.version, now_ms=now_ms):
                return change
        raise Unavailable("contention")

    def _require_ours(self, use: Use, ring: StoredRing, lost: str | None = None) -> None:
        elsewhere = {
            kid: record.sealed_under
            for kid, record in ring.keys.items()
            if record.sealed_under not in (None, self.cipher.key_id, lost)
        }
        if elsewhere:
            raise KeysSealedElsewhere(use, sorted(elsewhere), sorted({str(key) for key in elsewhere.values()}))

    def _seal(self, key: NewKey, not_before: int, now: int, use: Use) -> SealedKey:
        ciphertext = self.cipher.encrypt(key.secret, use=use, kid=key.kid)
        return SealedKey(KeyRecord(key.kid, key.alg, not_before, now, ciphertext, self.cipher.key_id), key.jwk)
