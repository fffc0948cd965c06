"""Reading the claims of a payload whose signature has been checked (RFC 7519 s4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sallyport.errors import InvalidToken, TokenExpired

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
MAX_INTEGER = 2**53 - 1  # what every JSON reader represents exactly (RFC 7493 s2.2)


@dataclass(frozen=True, slots=True)
class TimeRules:
    """How the times of a token are judged. All in seconds."""

    lifetime: int
    leeway: int
    not_before: int


class Claims:
    """Claims by name, each present, of the right type and not empty, or InvalidToken with the name as its reason."""

    def __init__(self, payload: Mapping[str, Any]) -> None:
        self._payload = payload

    def text(self, name: str) -> str:
        value = self._payload.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidToken(name)
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if name in self._payload else None

    def exactly(self, name: str, expected: str) -> str:
        if self.text(name) != expected:
            raise InvalidToken(name)
        return expected

    def identifier(self, name: str) -> str:
        """Read what becomes part of a table key: characters that cannot forge another one."""
        value = self.text(name)
        if _IDENTIFIER.fullmatch(value) is None:
            raise InvalidToken(name)
        return value

    def integer(self, name: str, *, at_least: int) -> int:
        value = self._payload.get(name)
        if type(value) is not int or not at_least <= value <= MAX_INTEGER:  # not isinstance: True is an int
            raise InvalidToken(name)
        return value

    def times(self, rules: TimeRules, *, now: int) -> tuple[int, int]:
        """Read `iat` and `exp` as of `now`. The leeway is for `iat` only: `exp` holds to the second.

        No token of ours has an `nbf`, but one that has it says when it may be accepted (RFC 7519 s4.1.5).
        """
        iat, exp = self.integer("iat", at_least=1), self.integer("exp", at_least=1)
        if iat > now + rules.leeway or iat < rules.not_before:
            raise InvalidToken("iat")
        if now >= exp:
            raise TokenExpired("expired")
        if not 0 < exp - iat <= rules.lifetime:
            raise InvalidToken("exp")
        if "nbf" in self._payload and self.integer("nbf", at_least=0) > now:
            raise InvalidToken("nbf")
        return iat, exp
