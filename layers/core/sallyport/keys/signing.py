"""Keys that sign: PyJWT writes the compact JWS (RFC 7515)."""

import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key
from jwt.api_jws import PyJWS

from sallyport.keys.key import Key
from sallyport.values import dataclass

_JWS = PyJWS(algorithms=["HS256", "RS256", "ES256"])


@dataclass(frozen=True, slots=True)
class SigningKey(Key):
    """A key that signs. Load it once per environment: reading an RSA key costs more than a hundred signatures."""

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Sign `claims` as a compact JWS with the header `alg`, `kid`, `typ` and nothing else."""
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return _JWS.encode(payload, self.material, algorithm=self.alg, headers={"kid": self.kid, "typ": typ})


def signing_key(kid: str, alg: str, secret: bytes) -> SigningKey:
    """Load a key that we made and that KMS kept: HMAC bytes, or an RSA or EC key in PKCS #8 DER.

    The RSA arithmetic is not proven again on loading. It would cost 30 ms of every cold start, and the ciphertext is
    authenticated together with `kid`.
    """
    if alg == "HS256":
        return SigningKey(kid, alg, secret)
    return SigningKey(kid, alg, load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True))
