"""Keys that check signatures, each bound to one algorithm (RFC 7515, RFC 7518).

Of cryptography as little as possible, and no PyJWT: a new execution environment of the authorizer waits for every
import (docs/decisions/0001-dependencies.md).
"""

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

from sallyport.values import dataclass, field

ES256_INTEGER_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A key that checks signatures; `material` is bytes for HS256, else what cryptography made of it."""

    kid: str
    alg: str
    material: Any = field(repr=False)

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        try:
            return _VERIFIERS[self.alg](self.material, signing_input, signature)
        except InvalidSignature:
            return False


def public_key(jwk: Mapping[str, Any]) -> Key:
    """Read the public key that a JWK of ours describes (RFC 7517)."""
    reader = _rsa_public_key if jwk["kty"] == "RSA" else _ec_public_key
    return Key(kid=jwk["kid"], alg=jwk["alg"], material=reader(jwk))


def _rsa_public_key(jwk: Mapping[str, Any]) -> RSAPublicKey:
    return RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()


def _ec_public_key(jwk: Mapping[str, Any]) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415  # only a stack that signs so loads it

    return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1()).public_key()


def _number(text: str) -> int:
    """Read a Base64urlUInt (RFC 7518 s2)."""
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _verify_hs256(secret: bytes, signing_input: bytes, signature: bytes) -> bool:
    return hmac.compare_digest(hmac.digest(secret, signing_input, sha256), signature)


def _verify_rs256(key: RSAPublicKey, signing_input: bytes, signature: bytes) -> bool:
    """Check RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 s3.3). Raises InvalidSignature."""
    key.verify(signature, signing_input, PKCS1v15(), SHA256())
    return True


def _verify_es256(key: Any, signing_input: bytes, signature: bytes) -> bool:
    """Check ECDSA on P-256 with SHA-256, whose signature is r and s side by side (RFC 7518 s3.4).

    Raises InvalidSignature.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415  # as _ec_public_key

    if len(signature) != 2 * ES256_INTEGER_BYTES:
        return False
    r, s = int.from_bytes(signature[:ES256_INTEGER_BYTES]), int.from_bytes(signature[ES256_INTEGER_BYTES:])
    key.verify(utils.encode_dss_signature(r, s), signing_input, ec.ECDSA(SHA256()))
    return True


_VERIFIERS: Mapping[str, Callable[[Any, bytes, bytes], bool]] = {
    "HS256": _verify_hs256,
    "RS256": _verify_rs256,
    "ES256": _verify_es256,
}
