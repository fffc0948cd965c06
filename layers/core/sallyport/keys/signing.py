"""Keys that sign: the compact JWS (RFC 7515 s7.1).

A test holds what they write to PyJWT's, which took a new execution environment longer to load than all our own code.
"""

import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from sallyport.keys.key import ES256_INTEGER_BYTES, Key
from sallyport.keys.pkcs8 import rsa_private_key
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class SigningKey(Key):
    """A key that signs."""

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Sign `claims` as a compact JWS with the header `alg`, `kid`, `typ` and nothing else."""
        header = {"alg": self.alg, "kid": self.kid, "typ": typ}
        signing_input = f"{_segment(_json(header))}.{_segment(_json(claims))}"
        signature = _SIGNERS[self.alg](self.material, signing_input.encode("ascii"))
        return f"{signing_input}.{_segment(signature)}"


def signing_key(kid: str, alg: str, secret: bytes) -> SigningKey:
    """Load a key that we made and that KMS kept: HMAC bytes, or an RSA or EC key in PKCS #8 DER."""
    return SigningKey(kid, alg, _LOADERS[alg](secret))


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


def _segment(data: bytes) -> str:
    """Encode as base64url without padding (RFC 7515 s2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _sign_hs256(secret: bytes, signing_input: bytes) -> bytes:
    return hmac.digest(secret, signing_input, sha256)


def _sign_rs256(key: RSAPrivateKey, signing_input: bytes) -> bytes:
    """Sign by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 s3.3)."""
    return key.sign(signing_input, PKCS1v15(), SHA256())


def _sign_es256(key: Any, signing_input: bytes) -> bytes:
    """Sign by ECDSA on P-256 with SHA-256: r and s side by side (RFC 7518 s3.4)."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils  # noqa: PLC0415  # only a stack that signs so

    pair = utils.decode_dss_signature(key.sign(signing_input, ec.ECDSA(SHA256())))
    return b"".join(each.to_bytes(ES256_INTEGER_BYTES) for each in pair)


def _ec_private_key(der: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415  # as _sign_es256

    return load_der_private_key(der, None)


_SIGNERS: Mapping[str, Callable[[Any, bytes], bytes]] = {
    "HS256": _sign_hs256,
    "RS256": _sign_rs256,
    "ES256": _sign_es256,
}

_LOADERS: Mapping[str, Callable[[bytes], Any]] = {
    "HS256": bytes,
    "RS256": rsa_private_key,
    "ES256": _ec_private_key,
}
