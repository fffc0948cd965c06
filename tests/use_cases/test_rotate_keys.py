"""Rotate keys: what a run makes, what an emergency does, and what a run leaves alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sallyport.audit import Cause, by_system
from sallyport.errors import CallFailed, KeysSealedElsewhere, KmsKeyUnusable, SettingsError, Unavailable
from sallyport.keys.life_cycle import (
    KeyRecord,
    Policy,
    Use,
    active,
)
from sallyport.keys.store import RingChange, SealedKey, StoredRing
from sallyport.use_cases.rotate_keys import MAX_ATTEMPTS, RotateKeys
from tests.support.builders import DAY, NOW, SECOND
from tests.support.fakes import FakeKms, FakeRings

POLICY = Policy("HS256", keep_seconds=1000)


def record(kid: str, not_before: int) -> KeyRecord:
    return KeyRecord(kid, "HS256", not_before, created_at=NOW, ciphertext=b"")


def rings(store: FakeRings, now: int = NOW) -> RotateKeys:
    return RotateKeys({"refresh": POLICY}, store, FakeKms(), clock=lambda: now * SECOND)


def test_keeping_a_ring_twice_makes_its_keys_once() -> None:
    store = FakeRings()

    assert len(rings(store).keep("refresh", by_system()).add) == 2
    assert rings(store).keep("refresh", by_system()).is_empty


def test_a_run_that_meets_another_one_makes_nothing() -> None:
    rival = [SealedKey(record("x", NOW), None), SealedKey(record("y", NOW + 9 * DAY), None)]
    store = FakeRings(rival=RingChange(add=rival))

    assert rings(store).keep("refresh", by_system()).is_empty
    assert store.ring.keys.keys() == {"x", "y"}


class BusyRings(FakeRings):
    """A ring that another run has changed before each write of ours."""

    tries = 0

    def change_ring(self, use: Use, change: RingChange, cause: Cause, *, version: int, now_ms: int) -> bool:
        self.tries += 1
        self.ring = StoredRing(self.ring.version + 1, self.ring.keys)
        return super().change_ring(use, change, cause, version=version, now_ms=now_ms)


def test_a_run_that_loses_every_race_says_so_and_has_changed_nothing() -> None:
    store = BusyRings()

    with pytest.raises(Unavailable):
        rings(store).keep("refresh", by_system())

    assert store.tries == MAX_ATTEMPTS
    assert store.ring.keys == {}


def test_an_emergency_lets_the_standby_sign_at_once_and_keeps_old_tokens_good() -> None:
    store = FakeRings(StoredRing(1, {"a": record("a", NOW - 9), "b": record("b", NOW + 999)}))

    change = rings(store).promote("refresh", by_system(), drop_older=False)

    assert (change.promote, change.drop) == ("b", ())
    assert active(store.ring.keys.values(), now=NOW) == record("b", NOW)
    assert store.ring.keys.keys() == {"a", "b"}


def test_an_emergency_with_a_leaked_key_drops_every_older_one() -> None:
    keys = {"z": record("z", NOW - 99), "a": record("a", NOW - 9), "b": record("b", NOW + 999)}
    store = FakeRings(StoredRing(1, keys))

    rings(store).promote("refresh", by_system(), drop_older=True)

    assert store.ring.keys == {"b": record("b", NOW)}


def test_without_a_standby_an_emergency_makes_a_key_that_signs_at_once() -> None:
    store = FakeRings(StoredRing(1, {"a": record("a", NOW - 9)}))

    change = rings(store).promote("refresh", by_system(), drop_older=True)

    (made,) = change.add
    assert store.ring.keys == {made.record.kid: made.record}
    assert made.record.not_before == NOW


@pytest.mark.parametrize(("signing", "next_in_line"), [("a", "b"), ("b", "a")])
def test_a_key_that_is_promoted_in_the_second_in_which_the_other_began_signs_a_second_later(
    signing: str, next_in_line: str
) -> None:
    """Of two that began in one second their names would decide."""
    keys = {signing: record(signing, NOW), next_in_line: record(next_in_line, NOW + 999)}
    store = FakeRings(StoredRing(1, keys))

    rings(store).promote("refresh", by_system(), drop_older=False)

    assert active(store.ring.keys.values(), now=NOW) == record(signing, NOW)
    assert active(store.ring.keys.values(), now=NOW + 1) == record(next_in_line, NOW + 1)


def test_an_emergency_that_meets_a_run_follows_what_it_left() -> None:
    store = FakeRings(
        StoredRing(1, {"a": record("a", NOW - 9), "b": record("b", NOW + 9)}), rival=RingChange(drop=["b"])
    )

    change = rings(store).promote("refresh", by_system(), drop_older=True)

    assert (change.promote, change.drop) == (None, ["a"])
    assert store.ring.keys.keys() == {change.add[0].record.kid}


@pytest.mark.parametrize("act", [
    lambda rotate_keys: rotate_keys.keep("refresh", by_system()),
    lambda rotate_keys: rotate_keys.promote("refresh", by_system(), drop_older=True),
    lambda rotate_keys: rotate_keys.require_kms_key(),
    lambda rotate_keys: rotate_keys.require_kms_key(lost="arn:another"),
], ids=["keep", "promote", "require", "another is lost"])  # fmt: skip
def test_a_ring_that_another_kms_key_seals_is_named_and_left_alone(act: Callable[[RotateKeys], object]) -> None:
    """A table that was restored or imported, or a key that was lost: nothing here can open such keys."""
    store = FakeRings()
    RotateKeys({"refresh": POLICY}, store, FakeKms("arn:lost"), clock=lambda: NOW * SECOND).keep("refresh", by_system())
    before = store.ring

    with pytest.raises(KeysSealedElsewhere) as refused:
        act(RotateKeys({"refresh": POLICY}, store, FakeKms("arn:ours"), clock=lambda: NOW * SECOND))

    assert all(name in refused.value.reason for name in ("refresh", "arn:lost", "docs/recovery.md", *before.keys))
    assert store.ring == before


def test_a_ring_that_does_not_say_what_seals_it_is_taken_for_ours() -> None:
    """As an earlier version stored it."""
    store = FakeRings(StoredRing(1, {"a": record("a", NOW)}))

    assert rings(store).keep("refresh", by_system()).add


def sealed_by(key_id: str, store: FakeRings) -> RotateKeys:
    return RotateKeys({"refresh": POLICY}, store, FakeKms(key_id), clock=lambda: NOW * SECOND)


class KmsWithoutKey(FakeKms):
    """KMS, when the key is off or gone."""

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        raise CallFailed("Encrypt", "DisabledException")


def test_a_key_that_seals_no_more_is_named_although_the_ring_needs_nothing() -> None:
    store = FakeRings()
    sealed_by("arn:off", store).keep("refresh", by_system())

    with pytest.raises(KmsKeyUnusable) as refused:
        RotateKeys({"refresh": POLICY}, store, KmsWithoutKey("arn:off"), clock=lambda: NOW * SECOND).require_kms_key()

    assert all(name in refused.value.reason for name in ("arn:off", "DisabledException", "docs/recovery.md"))


def test_what_a_lost_key_has_sealed_is_forgotten_and_nothing_else() -> None:
    keys = {"old": record("old", NOW - 9), "unknown": record("unknown", NOW - 5)}
    keys["old"] = replace(keys["old"], sealed_under="arn:lost")
    keys["ours"] = replace(record("ours", NOW - 1), sealed_under="arn:ours")
    store = FakeRings(StoredRing(1, keys))
    rotate_keys = sealed_by("arn:ours", store)

    rotate_keys.require_kms_key(lost="arn:lost")
    change = rotate_keys.forget("refresh", "arn:lost", by_system())
    again = rotate_keys.forget("refresh", "arn:lost", by_system())

    assert change == RingChange(drop=["old"])
    assert again.is_empty
    assert store.ring.keys.keys() == {"unknown", "ours"}


def test_a_ring_that_was_forgotten_signs_again_at_once() -> None:
    store = FakeRings()
    sealed_by("arn:lost", store).keep("refresh", by_system())

    sealed_by("arn:ours", store).forget("refresh", "arn:lost", by_system())
    sealed_by("arn:ours", store).keep("refresh", by_system())

    signing = active(store.ring.keys.values(), now=NOW)
    assert signing is not None
    assert signing.sealed_under == "arn:ours"


def test_the_stacks_own_key_cannot_be_called_lost() -> None:
    with pytest.raises(SettingsError, match="arn:ours"):
        sealed_by("arn:ours", FakeRings()).require_kms_key(lost="arn:ours")
