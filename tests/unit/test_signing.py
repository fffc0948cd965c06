"""Which key signs, which are made, and that opening them costs once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import joserfc.jwk
import pytest

from sallyport.errors import InvalidToken, KeysSealedElsewhere, Unavailable
from sallyport.keys.key import signing_key
from sallyport.keys.life_cycle import (
    KEEP_REFRESH_KEY_SECONDS,
    NEXT_STANDBY_SECONDS,
    ROTATION_SECONDS,
    Algorithm,
    KeyRecord,
    Plan,
    Policy,
    Use,
    active,
    keep_access_key,
    plan,
)
from sallyport.keys.make import new_key
from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.ring import CachedRing
from sallyport.keys.store import RingChange, SealedKey, StoredRing
from sallyport.use_cases.rotate_keys import RotateKeys
from tests.support.builders import DAY, NOW, SECOND

KEEP = 1000
POLICY = Policy("HS256", KEEP)


def record(kid: str, not_before: int) -> KeyRecord:
    return KeyRecord(kid, "HS256", not_before, created_at=NOW, ciphertext=b"")


def test_the_newest_key_whose_time_has_come_is_active() -> None:
    keys = [record("a", NOW - 9), record("b", NOW), record("c", NOW + 1)]

    assert active(keys, now=NOW) == keys[1]
    assert active(keys, now=NOW + 1) == keys[2]
    assert active([], now=NOW) is None


def test_by_a_clock_that_is_behind_the_first_key_signs_rather_than_none() -> None:
    keys = [record("b", NOW + DAY * 9), record("a", NOW)]

    assert active(keys, now=NOW - 10) == keys[1]
    assert wants(keys, NOW - 10) == Plan()
    assert wants(keys[1:], NOW - 10) == Plan(make=(NOW + ROTATION_SECONDS,))


def test_two_keys_of_one_second_have_one_winner_in_any_order() -> None:
    keys = [record("a", NOW), record("b", NOW)]

    assert active(keys, now=NOW) == active(reversed(keys), now=NOW)


def wants(keys: Sequence[KeyRecord], now: int = NOW) -> Plan:
    return plan(keys, now=now, policy=POLICY)


def test_an_empty_ring_gets_a_key_for_now_and_a_standby() -> None:
    assert wants([]) == Plan(make=(NOW, NOW + ROTATION_SECONDS))


def test_a_standby_is_never_published_less_than_two_hours_before_its_time() -> None:
    assert wants([record("a", NOW - ROTATION_SECONDS + 60)]) == Plan(make=(NOW + 7200,))
    assert wants([record("a", NOW - ROTATION_SECONDS + 7201)]) == Plan(make=(NOW + 7201,))


def test_a_complete_ring_is_left_alone() -> None:
    assert wants([record("a", NOW), record("b", NOW + NEXT_STANDBY_SECONDS + 1)]) == Plan()


def test_the_next_standby_is_made_before_the_last_one_takes_over() -> None:
    takes_over = NOW + NEXT_STANDBY_SECONDS

    assert wants([record("a", NOW - 9), record("b", takes_over)]) == Plan(make=(takes_over + ROTATION_SECONDS,))


def test_a_superseded_key_goes_when_nothing_that_it_signed_can_be_presented_any_more() -> None:
    keys = [record("a", NOW - 9000), record("b", NOW - KEEP), record("c", NOW - KEEP + 1), record("d", NOW + DAY * 9)]

    assert wants(keys) == Plan(drop=("a",))
    assert wants(keys, NOW - 1) == Plan()
    assert wants(keys, NOW + 1) == Plan(drop=("a", "b"))


def test_another_algorithm_takes_over_after_two_hours_and_its_predecessors_standby_never_signs() -> None:
    keys = [record("a", NOW - 9), record("b", NOW + ROTATION_SECONDS)]
    changed = Policy("ES256", KEEP)

    assert plan(keys, now=NOW, policy=changed) == Plan(make=(NOW + 7200,), drop=("b",))
    switching = [keys[0], replace(record("c", NOW + 7200), alg="ES256")]
    assert plan(switching, now=NOW + 60, policy=changed) == Plan(make=(NOW + 7200 + ROTATION_SECONDS,))


def test_how_long_keys_are_kept() -> None:
    assert (keep_access_key(600), keep_access_key(3600)) == (7800, 7800)
    assert KEEP_REFRESH_KEY_SECONDS == 400 * DAY + 600  # the longest session that any setting allows


@dataclass
class FakeRings:
    """A ring store in memory. `rival` acts once between the first reading and the first write."""

    ring: StoredRing = StoredRing(0, {})
    rival: RingChange | None = None

    def private_ring(self, use: Use) -> StoredRing:
        return self.ring

    def change_ring(self, use: Use, change: RingChange, *, version: int) -> bool:
        if self.rival:
            rival, self.rival = self.rival, None
            self._apply(rival)
        if version != self.ring.version:
            return False
        self._apply(change)
        return True

    def _apply(self, change: RingChange) -> None:
        keys = {kid: key for kid, key in self.ring.keys.items() if kid not in change.drop}
        keys |= {key.record.kid: key.record for key in change.add}
        if change.promote:
            keys[change.promote] = replace(keys[change.promote], not_before=change.promoted_at)
        self.ring = StoredRing(self.ring.version + 1, keys)


class FakeKms:
    """Seals by naming the context; opens only under the same one."""

    def __init__(self, key_id: str = "key") -> None:
        self.key_id = key_id
        self.opened = 0

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        return f"{use} {kid} ".encode() + plaintext

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes:
        self.opened += 1
        prefix = f"{use} {kid} ".encode()
        assert ciphertext.startswith(prefix)
        return ciphertext.removeprefix(prefix)


def rings(store: FakeRings, now: int = NOW) -> RotateKeys:
    return RotateKeys({"refresh": POLICY}, store, FakeKms(), clock=lambda: now * SECOND)


def test_keeping_a_ring_twice_makes_its_keys_once() -> None:
    store = FakeRings()

    assert len(rings(store).keep("refresh").add) == 2
    assert rings(store).keep("refresh").is_empty


def test_a_run_that_meets_another_one_makes_nothing() -> None:
    rival = [SealedKey(record("x", NOW), None), SealedKey(record("y", NOW + 9 * DAY), None)]
    store = FakeRings(rival=RingChange(add=rival))

    assert rings(store).keep("refresh").is_empty
    assert store.ring.keys.keys() == {"x", "y"}


def test_an_emergency_lets_the_standby_sign_at_once_and_keeps_old_tokens_good() -> None:
    store = FakeRings(StoredRing(1, {"a": record("a", NOW - 9), "b": record("b", NOW + 999)}))

    change = rings(store).promote("refresh", drop_older=False)

    assert (change.promote, change.drop) == ("b", ())
    assert active(store.ring.keys.values(), now=NOW) == record("b", NOW)
    assert store.ring.keys.keys() == {"a", "b"}


def test_an_emergency_with_a_leaked_key_drops_every_older_one() -> None:
    keys = {"z": record("z", NOW - 99), "a": record("a", NOW - 9), "b": record("b", NOW + 999)}
    store = FakeRings(StoredRing(1, keys))

    rings(store).promote("refresh", drop_older=True)

    assert store.ring.keys == {"b": record("b", NOW)}


def test_without_a_standby_an_emergency_makes_a_key_that_signs_at_once() -> None:
    store = FakeRings(StoredRing(1, {"a": record("a", NOW - 9)}))

    change = rings(store).promote("refresh", drop_older=True)

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

    rings(store).promote("refresh", drop_older=False)

    assert active(store.ring.keys.values(), now=NOW) == record(signing, NOW)
    assert active(store.ring.keys.values(), now=NOW + 1) == record(next_in_line, NOW + 1)


def test_an_emergency_that_meets_a_run_follows_what_it_left() -> None:
    store = FakeRings(
        StoredRing(1, {"a": record("a", NOW - 9), "b": record("b", NOW + 9)}), rival=RingChange(drop=["b"])
    )

    change = rings(store).promote("refresh", drop_older=True)

    assert (change.promote, change.drop) == (None, ["a"])
    assert store.ring.keys.keys() == {change.add[0].record.kid}


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_an_access_key_is_published_under_its_thumbprint(alg: Algorithm) -> None:
    made = new_key(alg)

    assert made.jwk is not None
    assert made.jwk.keys() == {"kty", "kid", "alg", "use", *({"n", "e"} if alg == "RS256" else {"crv", "x", "y"})}
    assert (made.kid, made.jwk["alg"], made.jwk["use"]) == (made.jwk["kid"], alg, "sig")
    assert made.kid == joserfc.jwk.import_key(made.jwk).thumbprint()


def test_a_refresh_key_is_256_secret_bits_and_never_published() -> None:
    made = new_key("HS256")

    assert (made.jwk, len(made.secret)) == (None, 32)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "HS256"])
def test_no_repr_shows_a_secret(alg: Algorithm) -> None:
    key = new_key(alg)

    assert "secret" not in repr(key)
    assert "material" not in repr(signing_key(key.kid, key.alg, key.secret))


def ring_of(store: FakeRings, kms: FakeKms, now: int = NOW) -> PrivateKeyRing:
    cached = CachedRing(lambda: store.private_ring("refresh"), lambda: now * SECOND)
    return PrivateKeyRing("refresh", cached, cipher=kms, clock=lambda: now * SECOND)


def test_a_key_is_opened_once_per_environment_and_only_when_needed() -> None:
    store, kms = FakeRings(), FakeKms()
    rings(store).keep("refresh")
    ring = ring_of(store, kms)

    assert ring.active().kid == ring.get(ring.active().kid).kid
    assert kms.opened == 1


def test_a_signing_key_that_never_was_is_an_invalid_token_and_an_empty_ring_is_not() -> None:
    store = FakeRings()
    with pytest.raises(Unavailable):
        ring_of(store, FakeKms()).active()

    rings(store).keep("refresh")
    with pytest.raises(InvalidToken):
        ring_of(store, FakeKms()).get("unknown")


@pytest.mark.parametrize("act", [
    lambda rotate_keys: rotate_keys.keep("refresh"),
    lambda rotate_keys: rotate_keys.promote("refresh", drop_older=True),
], ids=["keep", "promote"])  # fmt: skip
def test_a_ring_that_another_kms_key_seals_is_named_and_left_alone(act: Callable[[RotateKeys], object]) -> None:
    """A table that was restored or imported, or a key that was lost: nothing here can open such keys."""
    store = FakeRings()
    RotateKeys({"refresh": POLICY}, store, FakeKms("arn:lost"), clock=lambda: NOW * SECOND).keep("refresh")
    before = store.ring

    with pytest.raises(KeysSealedElsewhere) as refused:
        act(RotateKeys({"refresh": POLICY}, store, FakeKms("arn:ours"), clock=lambda: NOW * SECOND))

    assert all(name in refused.value.reason for name in ("refresh", "arn:lost", "docs/keys.md", *before.keys))
    assert store.ring == before


def test_a_ring_that_does_not_say_what_seals_it_is_taken_for_ours() -> None:
    """As an earlier version stored it."""
    store = FakeRings(StoredRing(1, {"a": record("a", NOW)}))

    assert rings(store).keep("refresh").add
