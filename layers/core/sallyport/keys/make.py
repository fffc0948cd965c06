"""Making keys."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sallyport.identifiers import new_id
from sallyport.keys.jwk import ec_jwk, rsa_jwk
from sallyport.keys.life_cycle import Algorithm
from sallyport.values import dataclass, field


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made, in the clear. `jwk` is its public half, None for an HMAC key."""

    kid: str
    alg: Algorithm
    secret: bytes = field(repr=False)
    jwk: dict[str, Any] | None


def new_key(alg: Algorithm) -> NewKey:
    """Make a key of the size that its algorithm is used with here."""
    return _MAKERS[alg]()


def _rs256() -> NewKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = rsa_jwk(private.public_key())
    return NewKey(jwk["kid"], "RS256", _pkcs8(private), jwk)


def _es256() -> NewKey:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = ec_jwk(private.public_key())
    return NewKey(jwk["kid"], "ES256", _pkcs8(private), jwk)


def _hs256() -> NewKey:
    """Make a key for refresh tokens. Its `kid` is random: only Sallyport verifies with it."""
    return NewKey(new_id(), "HS256", secrets.token_bytes(32), None)


_MAKERS: Mapping[Algorithm, Callable[[], NewKey]] = {"RS256": _rs256, "ES256": _es256, "HS256": _hs256}


def _pkcs8(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
