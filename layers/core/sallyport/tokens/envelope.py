"""The strict envelope of every token (JWS compact serialization, RFC 7515 s7.1).

Nothing here trusts the token: the header decides only which of *our* keys is tried, and the payload is opened after its
signature has been checked. What libraries accept out of kindness is refused: RFC 8725 s3.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Literal, Protocol

from sallyport import strict_json
from sallyport.errors import TokenRejected
from sallyport.keys.key import Key
from sallyport.values import dataclass, field

MAX_TOKEN_BYTES = 8192
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)", re.ASCII)
_HEADER_NAMES = {"alg", "kid", "typ"}


class VerificationKeys(Protocol):
    """The keys that may have signed a token."""

    def get(self, kid: str) -> Key:
        """Return a key. Raises TokenRejected if there is none of this `kid`, Unavailable if that cannot be known."""
        ...


@dataclass(frozen=True, slots=True)
class _Envelope:
    unverified_kid: str
    unverified_alg: str
    unverified_payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def verified_payload(token: str, *, typ: str, keys: VerificationKeys) -> dict[str, Any]:
    """Check form and signature of `token` and return its payload, a JSON object.

    `typ` is the one type that passes (RFC 8725 s3.11). The algorithm is the key's, never the token's choice.

    Raises TokenRejected, or Unavailable if the key that the token names cannot be looked up.
    """
    return verified(token, typ=typ, keys=keys)[1]


def verified(token: str, *, typ: str, keys: VerificationKeys) -> tuple[Key, dict[str, Any]]:
    """Do what `verified_payload` does, and return the key, too."""
    envelope = _open(token, typ=typ)
    key = keys.get(envelope.unverified_kid)
    if envelope.unverified_alg != key.alg:
        raise TokenRejected("algorithm")
    if not key.verify(envelope.signing_input, envelope.signature):
        raise TokenRejected("signature")
    return key, _json_object(envelope.unverified_payload, "payload")


def _open(token: str, *, typ: str) -> _Envelope:
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenRejected("size")
    segments = _COMPACT.fullmatch(token)
    if segments is None:
        raise TokenRejected("form")
    header, payload, signature = segments.groups()
    unverified_header = _json_object(_decode(header), "header")
    if unverified_header.keys() != _HEADER_NAMES:
        raise TokenRejected("header")
    if unverified_header["typ"] != typ:
        raise TokenRejected("typ")
    kid, alg = unverified_header["kid"], unverified_header["alg"]
    if not isinstance(kid, str) or _KID.fullmatch(kid) is None or not isinstance(alg, str):
        raise TokenRejected("header")
    return _Envelope(kid, alg, _decode(payload), f"{header}.{payload}".encode("ascii"), _decode(signature))


def _decode(segment: str) -> bytes:
    """Decode base64url without padding; the encoding must be the only one that these bytes have (RFC 4648 s3.5)."""
    try:
        data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise TokenRejected("encoding") from None
    if urlsafe_b64encode(data).rstrip(b"=") != segment.encode("ascii"):
        raise TokenRejected("encoding")
    return data


def _json_object(data: bytes, part: Literal["header", "payload"]) -> dict[str, Any]:
    try:
        value = strict_json.loads(data)
    except ValueError:
        raise TokenRejected(part) from None
    if not isinstance(value, dict):
        raise TokenRejected(part)
    return value
