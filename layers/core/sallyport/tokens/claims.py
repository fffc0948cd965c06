"""Reading the claims of a payload whose signature has been checked (RFC 7519 s4)."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from sallyport.errors import TokenExpired, TokenRejected
from sallyport.values import dataclass

ClaimName = Literal[
    "iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "sid", "ver", "gen", "auth_time", "scope"
]

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
MAX_INTEGER = 2**53 - 1  # what every JSON reader represents exactly (RFC 7493 s2.2)


class IssuerName(Protocol):
    """Knows the issuer, which is recorded beside the public keys."""

    @property
    def issuer(self) -> str: ...


@dataclass(frozen=True, slots=True)
class TimeRules:
    """How the times of a token are judged. All in seconds."""

    lifetime: int
    leeway: int
    not_before: int


class Claims:
    """Claims by name.

    Every method raises TokenRejected with that name unless the claim is present, well-typed, not empty.
    """

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = payload

    def text(self, name: ClaimName) -> str:
        value = self._payload.get(name)
        if not isinstance(value, str) or not value:
            raise TokenRejected(name)
        return value

    def optional_text(self, name: ClaimName) -> str | None:
        return self.text(name) if name in self._payload else None

    def exactly(self, name: ClaimName, expected: str) -> str:
        if self.text(name) != expected:
            raise TokenRejected(name)
        return expected

    def identifier(self, name: ClaimName) -> str:
        """Read what becomes part of a table key: characters that cannot forge another one."""
        value = self.text(name)
        if _IDENTIFIER.fullmatch(value) is None:
            raise TokenRejected(name)
        return value

    def integer(self, name: ClaimName, *, at_least: int) -> int:
        value = self._payload.get(name)
        if type(value) is not int or not at_least <= value <= MAX_INTEGER:  # not isinstance: True is an int
            raise TokenRejected(name)
        return value

    def times(self, rules: TimeRules, *, now: int) -> tuple[int, int]:
        """Read `iat` and `exp` as of `now`. The leeway is for `iat` only: `exp` holds to the second.

        No token of ours has an `nbf`, but one that has it says when it may be accepted (RFC 7519 s4.1.5).
        """
        iat, exp = self.integer("iat", at_least=1), self.integer("exp", at_least=1)
        if iat > now + rules.leeway or iat < rules.not_before:
            raise TokenRejected("iat")
        if now >= exp:
            raise TokenExpired
        if not 0 < exp - iat <= rules.lifetime:
            raise TokenRejected("exp")
        if "nbf" in self._payload and self.integer("nbf", at_least=0) > now:
            raise TokenRejected("nbf")
        return iat, exp
