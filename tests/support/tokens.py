"""Keys and tokens for tests: honest ones, and ones that are forged with or without our key."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from jwt.algorithms import Algorithm, ECAlgorithm, HMACAlgorithm, RSAAlgorithm

from sallyport.errors import TokenRejected
from sallyport.keys.make import NewKey, new_key
from sallyport.keys.signing import SigningKey, signing_key

_ALGORITHMS: Mapping[str, Algorithm] = {
    "HS256": HMACAlgorithm(HMACAlgorithm.SHA256),
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
}

ISSUER = "https://auth.example.com"


@cache
def access_key() -> SigningKey:
    return _signing(made_access_key())


@cache
def refresh_key() -> SigningKey:
    return _signing(new_key("HS256"))


@cache
def made_access_key() -> NewKey:
    return new_key("RS256")


def unverified_claims(token: str) -> dict[str, Any]:
    """Read what a token says, as anybody can."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def _signing(made: NewKey) -> SigningKey:
    return signing_key(made.kid, made.alg, made.secret)


@dataclass
class KnownKeys:
    """A ring in memory that counts how often it is asked."""

    keys: Mapping[str, Any]
    issuer: str = ISSUER
    asked: int = 0

    def get(self, kid: str) -> Any:
        self.asked += 1
        if kid not in self.keys:
            raise TokenRejected("kid")
        return self.keys[kid]


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(value: Any) -> str:
    return b64(json.dumps(value).encode())


def forge(header: bytes, payload: bytes, key: SigningKey) -> str:
    """Sign any header and any payload with a real key: an attacker who has it, or a fault of our own."""
    signing_input = f"{b64(header)}.{b64(payload)}"
    return f"{signing_input}.{signature_over(signing_input, key)}"


def signature_over(signing_input: str, key: SigningKey) -> str:
    """Sign any text at all."""
    return b64(_ALGORITHMS[key.alg].sign(signing_input.encode(), key.material))
