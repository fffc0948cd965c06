"""Which key signs, which are made, and that opening them costs once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from sallyport.errors import InvalidToken, Unavailable
from sallyport.signing.lifecycle import ROTATION_SECONDS, KeyRecord, Use, active, missing
from sallyport.signing.make import NewKey, new_access_key, new_refresh_key
from sallyport.signing.private_keys import PrivateKeyRing
from sallyport.signing.rotate import SealedKey, StoredRing, make_missing_keys
from sallyport.tokens.keys import signing_key
from sallyport.tokens.ring import CachedRing
from tests.builders import NOW, SECOND


def record(kid: str, not_before: int) -> KeyRecord:
    return KeyRecord(kid, "HS256", not_before, created_at=NOW, ciphertext=b"")


def test_the_newest_key_whose_time_has_come_is_active() -> None:
    keys = [record("a", NOW - 9), record("b", NOW), record("c", NOW + 1)]

    assert active(keys, now=NOW) == keys[1]
    assert active(keys, now=NOW + 1) == keys[2]
    assert active([], now=NOW) is None


def test_by_a_clock_that_is_behind_the_first_key_signs_rather_than_none() -> None:
    keys = [record("b", NOW + 9), record("a", NOW)]

    assert active(keys, now=NOW - 10) == keys[1]
    assert missing(keys, now=NOW - 10) == []
    assert missing(keys[1:], now=NOW - 10) == [NOW + ROTATION_SECONDS]


def test_two_keys_of_one_second_have_one_winner_in_any_order() -> None:
    keys = [record("a", NOW), record("b", NOW)]

    assert active(keys, now=NOW) == active(reversed(keys), now=NOW)


def test_an_empty_ring_gets_a_key_for_now_and_a_standby() -> None:
    assert missing([], now=NOW) == [NOW, NOW + ROTATION_SECONDS]


def test_a_standby_is_never_published_less_than_two_hours_before_its_time() -> None:
    assert missing([record("a", NOW - ROTATION_SECONDS + 60)], now=NOW) == [NOW + 7200]
    assert missing([record("a", NOW - ROTATION_SECONDS + 7201)], now=NOW) == [NOW + 7201]


def test_a_complete_ring_is_left_alone() -> None:
    assert missing([record("a", NOW), record("b", NOW + 9)], now=NOW) == []


@dataclass
class FakeRings:
    """A ring store in memory. `rival` acts once between the first reading and the first write."""

    ring: StoredRing = StoredRing(0, {})
    rival: Sequence[SealedKey] = ()
    writes: list[Sequence[SealedKey]] = field(default_factory=list)

    def private_ring(self, use: Use) -> StoredRing:
        return self.ring

    def add_keys(self, use: Use, keys: Sequence[SealedKey], *, version: int) -> bool:
        if self.rival:
            rival, self.rival = self.rival, ()
            self._store(rival)
        if version != self.ring.version:
            return False
        self.writes.append(keys)
        self._store(keys)
        return True

    def _store(self, keys: Sequence[SealedKey]) -> None:
        added = {key.record.kid: key.record for key in keys}
        self.ring = StoredRing(self.ring.version + 1, {**self.ring.keys, **added})


class FakeKms:
    """Seals by naming the context; opens only under the same one."""

    def __init__(self) -> None:
        self.opened = 0

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        return f"{use} {kid} ".encode() + plaintext

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes:
        self.opened += 1
        prefix = f"{use} {kid} ".encode()
        assert ciphertext.startswith(prefix)
        return ciphertext.removeprefix(prefix)


def make(store: FakeRings, now: int = NOW) -> int:
    return make_missing_keys("refresh", new_refresh_key, store=store, cipher=FakeKms(), clock=lambda: now * SECOND)


def test_making_keys_twice_makes_them_once() -> None:
    store = FakeRings()

    assert (make(store), make(store)) == (2, 0)


def test_a_run_that_meets_another_one_makes_nothing() -> None:
    rival = [SealedKey(record("x", NOW), None), SealedKey(record("y", NOW + 9), None)]
    store = FakeRings(rival=rival)

    assert make(store) == 0
    assert store.ring.keys.keys() == {"x", "y"}


def test_an_access_key_is_published_and_a_refresh_key_is_not() -> None:
    access, refresh = new_access_key(), new_refresh_key()

    assert refresh.jwk is None
    assert access.jwk is not None
    assert access.jwk.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    assert (access.kid, access.jwk["alg"], access.jwk["use"]) == (access.jwk["kid"], "RS256", "sig")
    assert len(refresh.secret) == 32


@pytest.mark.parametrize("key", [new_access_key(), new_refresh_key()], ids=["access", "refresh"])
def test_no_repr_shows_a_secret(key: NewKey) -> None:
    opened = signing_key(key.kid, key.alg, key.secret)

    assert "secret" not in repr(key)
    assert "material" not in repr(opened)


def ring_of(store: FakeRings, kms: FakeKms, now: int = NOW) -> PrivateKeyRing:
    cached = CachedRing(lambda: store.private_ring("refresh"), lambda: now * SECOND)
    return PrivateKeyRing("refresh", cached, opener=kms, clock=lambda: now * SECOND)


def test_a_key_is_opened_once_per_environment_and_only_when_needed() -> None:
    store, kms = FakeRings(), FakeKms()
    make(store)
    ring = ring_of(store, kms)

    assert ring.active().kid == ring.get(ring.active().kid).kid
    assert kms.opened == 1


def test_a_signing_key_that_never_was_is_an_invalid_token_and_an_empty_ring_is_not() -> None:
    store = FakeRings()
    with pytest.raises(Unavailable):
        ring_of(store, FakeKms()).active()

    make(store)
    with pytest.raises(InvalidToken):
        ring_of(store, FakeKms()).get("unknown")
