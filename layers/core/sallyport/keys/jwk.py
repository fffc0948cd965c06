"""Public keys as the world sees them: JWK and thumbprint (RFC 7517, RFC 7638)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm


def rsa_jwk(key: RSAPublicKey) -> dict[str, Any]:
    """Describe an RS256 key. Its `kid` is its RFC 7638 thumbprint, so no other key can be published under it."""
    return _jwk(RSAAlgorithm.to_jwk(key, as_dict=True), ("e", "kty", "n"), "RS256")


def ec_jwk(key: EllipticCurvePublicKey) -> dict[str, Any]:
    """Describe an ES256 key. Its `kid` is its RFC 7638 thumbprint, too."""
    return _jwk(ECAlgorithm.to_jwk(key, as_dict=True), ("crv", "kty", "x", "y"), "ES256")


def _jwk(described: Mapping[str, Any], required_members: Sequence[str], alg: str) -> dict[str, Any]:
    required = {name: described[name] for name in required_members}
    return {**required, "kid": _thumbprint(required), "alg": alg, "use": "sig"}


def _thumbprint(required_members: Mapping[str, str]) -> str:
    canonical = json.dumps(required_members, separators=(",", ":"), sort_keys=True).encode()
    return urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()
