"""Which key signs, which are made, and that opening them costs once."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import joserfc.jwk
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from sallyport.audit import by_system
from sallyport.errors import InvalidToken, Unavailable
from sallyport.keys.life_cycle import (
    KEEP_REFRESH_KEY_SECONDS,
    NEXT_STANDBY_SECONDS,
    ROTATION_SECONDS,
    Algorithm,
    KeyRecord,
    Plan,
    Policy,
    active,
    keep_access_key,
    plan,
)
from sallyport.keys.make import new_key
from sallyport.keys.pkcs8 import rsa_private_key
from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.ring import CachedRing
from sallyport.keys.signing import signing_key
from sallyport.use_cases.rotate_keys import RotateKeys
from tests.support.builders import DAY, NOW, SECOND
from tests.support.fakes import FakeKms, FakeRings
from tests.support.tokens import made_access_key

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


@pytest.mark.parametrize("alg", ["RS256", "ES256", "HS256"])
def test_a_signed_token_is_what_pyjwt_writes(alg: Algorithm) -> None:
    made = made_access_key() if alg == "RS256" else new_key(alg)
    claims = {"iss": "https://auth.example.com", "sub": 'ü\u2028\\"', "iat": 1, "scope": None, "nested": [{"a": True}]}

    ours = signing_key(made.kid, alg, made.secret).sign(claims, typ="at+jwt")

    its_key: Any = made.secret if alg == "HS256" else load_der_private_key(made.secret, None)
    headers = {"kid": made.kid, "typ": "at+jwt"}
    its_own = jwt.encode(claims, its_key, algorithm=alg, headers=headers)
    verifier = its_key if alg == "HS256" else its_key.public_key()
    assert jwt.decode_complete(
        ours, verifier, algorithms=[alg], options={"verify_sub": False, "verify_iat": False}
    ) == {
        "header": {"alg": alg, **headers},
        "payload": claims,
        "signature": jwt.utils.base64url_decode(ours.rpartition(".")[2]),
    }
    if alg != "ES256":  # whose signatures are never twice the same
        assert ours == its_own


def test_an_rsa_key_is_read_as_cryptography_reads_it() -> None:
    for _ in range(3):
        private = rsa.generate_private_key(public_exponent=65537, key_size=1024)

        der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        assert rsa_private_key(der).private_numbers() == private.private_numbers()


def test_what_is_no_rsa_key_in_pkcs_8_is_refused() -> None:
    der, another = made_access_key().secret, new_key("ES256").secret
    private = load_der_private_key(der, None)
    traditional = private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    cut_short = [der[:end] for end in range(0, len(der), 7)]

    for wrong in (b"\x30", b"\x30\x80", another, traditional, der + b"\x00", *cut_short):
        with pytest.raises(ValueError, match=r".*"):
            rsa_private_key(wrong)


def make_keys(store: FakeRings) -> None:
    RotateKeys({"refresh": POLICY}, store, FakeKms(), clock=lambda: NOW * SECOND).keep("refresh", by_system())


def ring_of(store: FakeRings, kms: FakeKms, now: int = NOW) -> PrivateKeyRing:
    cached = CachedRing(lambda: store.private_ring("refresh"), lambda: now * SECOND)
    return PrivateKeyRing("refresh", cached, cipher=kms, clock=lambda: now * SECOND)


def test_a_key_is_opened_once_per_environment_and_only_when_needed() -> None:
    store, kms = FakeRings(), FakeKms()
    make_keys(store)
    ring = ring_of(store, kms)

    assert ring.active().kid == ring.get(ring.active().kid).kid
    assert kms.opened == 1


def test_a_signing_key_that_never_was_is_an_invalid_token_and_an_empty_ring_is_not() -> None:
    store = FakeRings()
    with pytest.raises(Unavailable):
        ring_of(store, FakeKms()).active()

    make_keys(store)
    with pytest.raises(InvalidToken):
        ring_of(store, FakeKms()).get("unknown")
