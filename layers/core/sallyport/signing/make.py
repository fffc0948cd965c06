"""Making keys."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sallyport.identifiers import new_id
from sallyport.tokens.jwks import rsa_jwk


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that has just been made, in the clear. `jwk` is its public half, None for an HMAC key."""

    kid: str
    alg: str
    secret: bytes = field(repr=False)
    jwk: dict[str, Any] | None


def new_access_key() -> NewKey:
    """Make an RSA-2048 key for RS256, the one kind that every native gateway authorizer verifies."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = rsa_jwk(private.public_key())
    der = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return NewKey(kid=jwk["kid"], alg="RS256", secret=der, jwk=jwk)


def new_refresh_key() -> NewKey:
    """Make a 256-bit key for HS256. Nobody but Sallyport ever sees its `kid`, which is random."""
    return NewKey(kid=new_id(), alg="HS256", secret=secrets.token_bytes(32), jwk=None)
