"""Keys that sign and check tokens, each bound to one algorithm (RFC 7515, RFC 7518)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key
from jwt.algorithms import Algorithm, ECAlgorithm, HMACAlgorithm, RSAAlgorithm
from jwt.api_jws import PyJWS

_ALGORITHMS: Mapping[str, Algorithm] = {
    "HS256": HMACAlgorithm(HMACAlgorithm.SHA256),
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
}
_JWS = PyJWS(algorithms=list(_ALGORITHMS))


@dataclass(frozen=True, slots=True)
class Key:
    """A key that checks signatures; `material` is PyJWT's prepared form of it."""

    kid: str
    alg: str
    material: Any = field(repr=False)

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        return bool(_ALGORITHMS[self.alg].verify(signing_input, self.material, signature))


@dataclass(frozen=True, slots=True)
class SigningKey(Key):
    """A key that signs. Load it once per environment: reading an RSA key costs more than a hundred signatures."""

    def sign(self, claims: Mapping[str, Any], *, typ: str) -> str:
        """Sign `claims` as a compact JWS with the header `alg`, `kid`, `typ` and nothing else."""
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return _JWS.encode(payload, self.material, algorithm=self.alg, headers={"kid": self.kid, "typ": typ})


def public_key(jwk: Mapping[str, Any]) -> Key:
    """Read the public key that a JWK of ours describes (RFC 7517)."""
    reader = RSAAlgorithm if jwk["kty"] == "RSA" else ECAlgorithm
    return Key(kid=jwk["kid"], alg=jwk["alg"], material=reader.from_jwk(dict(jwk)))


def signing_key(kid: str, alg: str, secret: bytes) -> SigningKey:
    """Load a key that we made and that KMS kept: HMAC bytes, or an RSA or EC key in PKCS #8 DER.

    The RSA arithmetic is not proven again on loading. It would cost 30 ms of every cold start, and the ciphertext is
    authenticated together with `kid`.
    """
    if alg == "HS256":
        return SigningKey(kid, alg, secret)
    return SigningKey(kid, alg, load_der_private_key(secret, None, unsafe_skip_rsa_key_validation=True))
