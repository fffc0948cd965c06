"""What attackers take for the secret of an HMAC: our public key, in every form, and what everybody knows."""

import hashlib
import hmac
import itertools
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.tokens import b64, segment

_WORDS = [
    "", "secret", "Secret", "SECRET", "secretkey", "secret_key", "secret-key", "your-256-bit-secret",
    "your-384-bit-secret", "your-512-bit-secret", "your_jwt_secret", "jwt", "jwt_secret",
    "jwtsecret", "JWT_SECRET", "jwt-secret-key", "key",
    "private", "privatekey", "password", "Password", "passw0rd", "qwerty", "admin", "administrator", "root", "test",
    "token", "changeme", "change-me", "default", "example", "hello", "helloworld", "letmein", "welcome", "iloveyou",
    "shhhhh", "keyboard cat", "supersecret", "super-secret", "mysecret", "my-secret", "mysecretkey", "my_secret_key",
    "s3cr3t", "S3cr3t", "hmac", "signature", "sallyport", "development", "production", "abc", "a", "0", "null", "none",
    "undefined", "[object Object]", "${JWT_SECRET}", "process.env.JWT_SECRET", "\0", "\0" * 32, "\0" * 64, " ", "=",
]  # fmt: skip
_ENDINGS = ["", "1", "12", "123", "1234", "123456", "!", "2026", "\n"]

KNOWN_SECRETS = sorted({word + ending for word, ending in itertools.product(_WORDS, _ENDINGS)})
"""What published lists of leaked secrets begin with. None of them holds 256 random bits, which is what our keys are."""


def public_forms(public: RSAPublicKey | EllipticCurvePublicKey, jwk: Mapping[str, Any] | None) -> dict[str, bytes]:
    """Write a public key in every form in which a careless verifier might hold it."""
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    described = json.dumps(jwk).encode()
    forms = {
        "PEM": pem,
        "PEM stripped": pem.strip(),
        "PEM CRLF": pem.replace(b"\n", b"\r\n"),
        "PEM without its lines": b"".join(pem.splitlines()[1:-1]),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": described,
        "JWKS": b'{"keys":[' + described + b"]}",
        "empty": b"",
    }
    if isinstance(public, EllipticCurvePublicKey):
        forms["point"] = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        forms["compressed point"] = public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    else:
        forms["PKCS #1"] = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    encoded = {f"{name}, base64": b64encode(form) for name, form in forms.items()}
    return forms | encoded | {f"{name}, base64url": urlsafe_b64encode(form) for name, form in forms.items()}


def with_hmac(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes) -> str:
    """Make a token whose signature is an HMAC, of the length that `alg` names, whatever that is."""
    signing_input = f"{segment(header)}.{segment(claims)}"
    digest = getattr(hashlib, f"sha{header['alg'][2:]}")
    return f"{signing_input}.{b64(hmac.new(secret, signing_input.encode(), digest).digest())}"
