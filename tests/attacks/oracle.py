"""Another reading of our access tokens, by joserfc, and every point on which ours is deliberately stricter.

The oracle does what a careful user of a good library does: the key set that we publish, our one algorithm, the claims
and the type checked. `DIFFERENCES` names what it accepts and we refuse. The two together say when we accept: exactly
if the oracle does and no difference applies (test_envelope_fuzz.py).
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from sallyport.tokens.access import AccessToken
from tests.support.builders import NOW
from tests.support.tokens import ISSUER

AUDIENCE = "sallyport"
LIFETIME = 600
LEEWAY = 30

_PRESENT: ClaimsOption = {"essential": True}
_CLAIMS = JWTClaimsRegistry(
    now=NOW,
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
    **dict.fromkeys(("sub", "exp", "iat", "jti", "sid", "ver", "client_id", "auth_time"), _PRESENT),  # type: ignore[arg-type]
)
_IAT = JWTClaimsRegistry(now=NOW, leeway=LEEWAY)


@dataclass(frozen=True)
class Read:
    """A token that the oracle accepts, as it reads it. `header` and `claims` hold the last of two equal names."""

    token: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def texts(self) -> Iterator[bytes]:
        """Header and payload as they were written."""
        for segment in self.token.split(".")[:2]:
            yield _decoded(segment)


class Oracle:
    """Verifies access tokens by one published key."""

    def __init__(self, jwk: Mapping[str, Any]) -> None:
        self._keys = KeySet.import_key_set({"keys": [dict(jwk)]})
        self._registry = JWSRegistry(algorithms=[jwk["alg"]], strict_check_header=False)
        self._registry.max_header_length = self._registry.max_payload_length  # 512 by default, and we have 8 KB for all

    def read(self, token: str) -> Read | None:
        """Verify a token; None if it is refused."""
        try:
            decoded = jwt.decode(token, self._keys, registry=self._registry)
            without_iat = {name: value for name, value in decoded.claims.items() if name != "iat"}
            _CLAIMS.validate({**without_iat, "iat": 0} if "iat" in decoded.claims else without_iat)
            _IAT.validate({"iat": decoded.claims["iat"]})
        except (JoseError, ValueError, RecursionError, TypeError):  # joserfc 1.8 meets {"crit": null} with a TypeError
            return None
        typ = decoded.header.get("typ")
        if not isinstance(typ, str) or typ.lower().removeprefix("application/") != "at+jwt":  # RFC 9068 s4
            return None
        return Read(token, decoded.header, decoded.claims)


Difference = Callable[[Read], bool]

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TEXTS = ("iss", "sub", "aud", "client_id", "jti", "sid")
_NUMBERS = ("iat", "exp", "ver", "auth_time")


def _longer_than_8_kb(read: Read) -> bool:
    """Nothing of a long token is decoded: the work that a stranger can cause is bounded."""
    return len(read.token) > 8192


def _another_header(read: Read) -> bool:
    """Members that we never write would be instructions from somebody else; without `kid` the key would be guessed."""
    return read.header.keys() != {"alg", "kid", "typ"}


def _another_spelling_of_the_type(read: Read) -> bool:
    """`application/at+jwt` and `AT+JWT` mean the same (RFC 7515 s4.1.9), but we never write them."""
    return read.header.get("typ") != "at+jwt"


def _two_equal_names(read: Read) -> bool:
    """One reader takes the first, another the last (RFC 8259 s4)."""
    return any(_has_two_equal_names(text) for text in read.texts)


def _not_plain_utf_8(read: Read) -> bool:
    """Python's json guesses UTF-16 and UTF-32 and skips a byte order mark; others do not (RFC 8259 s8.1)."""
    return any(_is_not_utf_8(text) for text in read.texts)


def _a_lone_surrogate(read: Read) -> bool:
    """Half a character is no text: whoever encodes it later crashes or replaces it."""
    return any(_holds(text, lambda value: isinstance(value, str) and not _is_encodable(value)) for text in read.texts)


def _nan_or_infinity(read: Read) -> bool:
    """These are no JSON, and every comparison with NaN is false."""
    return any(_constants(text) for text in read.texts)


def _a_text_that_is_none(read: Read) -> bool:
    """A claim of ours has one type. Here belongs an audience that is a list with ours in it: whose else is it?"""
    claims, given = read.claims, [*_TEXTS, *({"scope"} & read.claims.keys())]
    return any(not isinstance(claims[name], str) or not claims[name] for name in given)


def _an_identifier_that_is_none(read: Read) -> bool:
    """What becomes part of a table key holds no character that could forge another one."""
    claimed = [read.claims[name] for name in ("sub", "sid", "jti")]
    return any(isinstance(value, str) and _IDENTIFIER.fullmatch(value) is None for value in claimed)


def _a_number_that_is_no_integer(read: Read) -> bool:
    """`exp` may be a fraction (RFC 7519 s2), true is 1 to Python, and our own claims mean nothing to a library."""
    return any(type(read.claims[name]) is not int for name in _NUMBERS)


def _a_number_out_of_range(read: Read) -> bool:
    """None of ours is below 1, and above 2**53 readers of JSON disagree (RFC 7493 s2.2)."""
    given = [read.claims[name] for name in _NUMBERS if type(read.claims[name]) is int]
    return any(not 1 <= number < 2**53 for number in given)


def _another_lifetime(read: Read) -> bool:
    """No token of ours lives longer than configured, or ends before it begins: who signed this had our key."""
    iat, exp = read.claims["iat"], read.claims["exp"]
    return not 0 < exp - iat <= LIFETIME


def _an_nbf_that_is_no_integer(read: Read) -> bool:
    """As for the other times."""
    return "nbf" in read.claims and (type(read.claims["nbf"]) is not int or not 0 <= read.claims["nbf"] < 2**53)


DIFFERENCES: Mapping[str, Difference] = {
    function.__name__.strip("_").replace("_", " "): function
    for function in (
        _longer_than_8_kb,
        _another_header,
        _another_spelling_of_the_type,
        _two_equal_names,
        _not_plain_utf_8,
        _a_lone_surrogate,
        _nan_or_infinity,
        _a_text_that_is_none,
        _an_identifier_that_is_none,
        _a_number_that_is_no_integer,
        _a_number_out_of_range,
        _another_lifetime,
        _an_nbf_that_is_no_integer,
    )
}


def differences(read: Read) -> set[str]:
    """Name the deliberate differences that make us refuse what the oracle accepts."""
    return {name for name, applies in DIFFERENCES.items() if applies(read)}


def claims_of(token: AccessToken) -> dict[str, Any]:
    """Say what we read, as the oracle says it: a claim that is optional and absent is not there."""
    read = {field.name: getattr(token, field.name) for field in fields(token)}
    return {name: value for name, value in read.items() if name != "scope" or value is not None}


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _is_not_utf_8(text: bytes) -> bool:
    try:
        json.loads(text.decode("utf-8"))
    except ValueError:  # UnicodeDecodeError is one, and so is what json says of a byte order mark
        return True
    return False


def _has_two_equal_names(text: bytes) -> bool:
    found = []

    def noted(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.append(len({name for name, _ in pairs}) != len(pairs))
        return dict(pairs)

    json.loads(text, object_pairs_hook=noted)
    return any(found)


def _constants(text: bytes) -> list[str]:
    found: list[str] = []
    json.loads(text, parse_constant=found.append)
    return found


def _holds(text: bytes, is_bad: Callable[[Any], bool]) -> bool:
    return any(is_bad(value) for value in _all_values(json.loads(text)))


def _all_values(value: Any) -> Iterator[Any]:
    yield value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield name
        yield from _all_values(member)


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
