"""docs/attacks.md, J, where the signing algorithm is ES256: what only elliptic curves have."""

from base64 import urlsafe_b64decode
from dataclasses import asdict

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384

from sallyport.errors import InvalidToken
from sallyport.keys.key import public_key
from sallyport.keys.make import new_key
from sallyport.keys.signing import signing_key
from sallyport.tokens import access
from sallyport.tokens.access import AccessToken, AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from tests.attacks.hmac_secrets import public_forms, with_hmac
from tests.support.builders import NOW
from tests.support.tokens import ISSUER, KnownKeys, b64

N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF

MADE = new_key("ES256")
KEY = signing_key(MADE.kid, MADE.alg, MADE.secret)
TOKEN = AccessToken(
    iss=ISSUER, sub="user-1", aud="sallyport", client_id="app", iat=NOW, exp=NOW + 600, jti="token-1", sid="s-1",
    ver=1, auth_time=NOW,
)  # fmt: skip
SIGNED = access.sign(TOKEN, KEY)
SIGNING_INPUT, _, SIGNATURE = SIGNED.rpartition(".")


def verify(token: str) -> AccessToken:
    assert MADE.jwk is not None
    ring = KnownKeys({MADE.kid: public_key(MADE.jwk)})
    return AccessTokenVerifier(ring, ring, "sallyport", TimeRules(600, 30, 0)).verify(token, now=NOW)


def with_signature(r: int, s: int) -> str:
    return f"{SIGNING_INPUT}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def numbers() -> tuple[int, int]:
    raw = urlsafe_b64decode(SIGNATURE + "==")
    return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")


def test_an_es256_token_is_as_good_as_any() -> None:
    assert verify(SIGNED) == TOKEN


PUBLIC_FORMS = public_forms(KEY.material.public_key(), MADE.jwk)


@pytest.mark.parametrize("secret", PUBLIC_FORMS.values(), ids=PUBLIC_FORMS)
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_j02_the_public_key_as_hmac_secret(alg: str, secret: bytes) -> None:
    header = {"alg": alg, "kid": KEY.kid, "typ": "at+jwt"}

    for token in (with_hmac(header, asdict(TOKEN), secret), with_hmac(header, {}, secret)):
        with pytest.raises(InvalidToken) as refused:
            verify(token)
        assert refused.value.reason == "algorithm"


def test_j05_a_signature_with_one_bit_changed() -> None:
    raw = urlsafe_b64decode(SIGNATURE + "==")
    for position in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[position // 8] ^= 1 << position % 8
        with pytest.raises(InvalidToken) as refused:
            verify(f"{SIGNING_INPUT}.{b64(bytes(changed))}")
        assert refused.value.reason == "signature"


@pytest.mark.parametrize("r", [0, 1, N - 1, N, N + 1, P])
@pytest.mark.parametrize("s", [0, 1, N - 1, N, N + 1, P])
def test_j06_psychic_signatures(r: int, s: int) -> None:
    with pytest.raises(InvalidToken):
        verify(with_signature(r, s))


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0" * 64, b"\0" * 63, b"\0" * 65, bytes.fromhex("3006020100020100"), encode_dss_signature(*numbers())],
    ids=["empty", "zeros", "63 bytes", "65 bytes", "DER zeros", "DER instead of P1363"],
)
def test_j06_other_shapes_of_a_signature(raw: bytes) -> None:
    with pytest.raises(InvalidToken):
        verify(f"{SIGNING_INPUT}.{b64(raw)}")


def test_j07_the_twin_of_a_signature_is_the_same_token_to_every_revocation() -> None:
    """(r, n-s) verifies, as it must by the standard. What revokes goes by sid, sub and jti, never by the string."""
    r, s = numbers()
    twin = with_signature(r, N - s)

    assert twin != SIGNED
    assert verify(twin) == TOKEN


@pytest.mark.parametrize("alg", ["RS256", "PS256", "HS256", "ES384", "ES512", "ES256K", "es256", "EdDSA", "none"])
def test_j03_the_key_decides_the_algorithm(alg: str) -> None:
    forged = KEY.sign({"iss": ISSUER}, typ="at+jwt").split(".")
    header = b64(f'{{"alg":"{alg}","kid":"{KEY.kid}","typ":"at+jwt"}}'.encode())

    with pytest.raises(InvalidToken) as refused:
        verify(f"{header}.{forged[1]}.{forged[2]}")

    assert refused.value.reason == "algorithm"


def test_j03_a_good_signature_by_the_same_key_over_another_digest() -> None:
    r, s = decode_dss_signature(KEY.material.sign(SIGNING_INPUT.encode(), ECDSA(SHA384())))

    with pytest.raises(InvalidToken) as refused:
        verify(with_signature(r, s))

    assert refused.value.reason == "signature"
