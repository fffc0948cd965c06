"""Secrets that can be recognised wherever they turn up, in every spelling, and the places where each may."""

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeAlias
from urllib.parse import quote

Kind: TypeAlias = Literal[
    "password", "access token", "refresh token", "device token", "link", "code", "cookie", "header", "query", "unknown",
    "name", "signing key", "aws", "signed url", "email", "user agent", "address", "session",
]  # fmt: skip
Place: TypeAlias = Literal["log", "metrics", "table", "audit", "queue", "mails", "kms", "answers", "claims", "reprs"]

ALLOWED: Mapping[Kind, Mapping[Place, str]] = {
    "password": {},
    "access token": {},  # but for the one member of the answer that issues it, as the next two (journey.py)
    "refresh token": {},
    "device token": {},
    "link": {"mails": "the mail to the address that is to be proved"},
    "code": {"mails": "the same mail"},
    "cookie": {},
    "header": {},
    "query": {},
    "unknown": {},
    "name": {
        "answers": "an unknown field is named, by 64 characters at most, to whoever sent it",
        "reprs": "of what is wrong with a field",
    },
    "signing key": {"kms": "what KMS seals"},
    "aws": {},
    "signed url": {},
    "email": {
        "table": "the account",
        "queue": "whom to mail",
        "mails": "whom it is mailed to",
        "answers": "GET /auth/me",
    },
    "user agent": {
        "table": "the session",
        "queue": "a notice names the device",
        "mails": "the same",
        "answers": "GET /auth/sessions",
        "reprs": "of a session, a device and a request",
    },
    "address": {
        "table": "the session",
        "queue": "a notice names the device",
        "mails": "the same",
        "answers": "GET /auth/sessions",
        "reprs": "of a session, a device and a request",
    },
    "session": {
        "table": "the session",
        "audit": "which session was ended, and from which",
        "answers": "it is no secret to its user",
        "claims": "as `sid`",
        "reprs": "it opens nothing by itself",
    },
}
"""Where a value may stand. Everywhere else the scan refuses it, and a hash of it is no spelling of it.

"table" is the whole table, and all that was ever written to it or looked up in it; "audit" is what of it is in the
audit trail, which is what events say, too. "queue" is also what SQS moves to the dead letters. "answers" are without
the tokens that they issue, in the one place that each has; "claims" are what can be read in those. "reprs" are those of
every value of ours that any function had in a variable.
"""

_SHORTEST = 8


@dataclass(frozen=True)
class Canaries:
    """Everything that has been planted, each with its kind."""

    planted: dict[str | bytes, Kind] = field(default_factory=dict)

    def plant(self, kind: Kind, *values: str | bytes) -> None:
        for value in values:
            assert len(value) >= _SHORTEST, (kind, value)
            self.planted.setdefault(value, kind)

    def misplaced(self, place: Place, text: str) -> list[tuple[Kind, str]]:
        """Return what stands in a text of this place and may not, each with the spelling that was found."""
        return [
            (kind, spelling)
            for value, kind in self.planted.items()
            if place not in ALLOWED[kind]
            for spelling in _spellings(value)
            if spelling in text and (kind != "code" or _stands_alone(spelling, text))
        ]

    def standing_in(self, text: str) -> list[tuple[Kind, str]]:
        """Return what stands in a text, whatever the place."""
        return [
            (kind, spelling)
            for value, kind in self.planted.items()
            for spelling in _spellings(value)
            if spelling in text and (kind != "code" or _stands_alone(spelling, text))
        ]


def _stands_alone(code: str, text: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])", text) is not None


@cache
def _spellings(value: str | bytes) -> tuple[str, ...]:
    """Return how a value may be written: as it is, in JSON, in base64 at any offset, in hex, in a URL; so its parts."""
    return tuple(dict.fromkeys(spelling for part in _parts(value) for spelling in _written(part)))


def _parts(value: str | bytes) -> Iterator[str | bytes]:
    """Payload and signature of a token are parts; its header is the same in thousands. So is the longest word."""
    yield value
    if isinstance(value, str) and " " in value:
        yield max(value.split(), key=len)
    if isinstance(value, str) and value.count(".") == 2:
        yield from value.split(".")[1:]


def _written(value: str | bytes) -> Iterator[str]:
    raw = value if isinstance(value, bytes) else value.encode(errors="surrogatepass")
    text = raw.decode("latin-1") if isinstance(value, bytes) else value
    if raw.isdigit():  # a code: eight digits are too few for pieces of them to mean anything
        yield text
        return
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(text))[3:-3]
    yield repr(raw)[2:-1]
    yield repr(text)[1:-1]
    yield raw.hex()
    yield raw.hex().upper()
    yield quote(raw, safe="")
    for offset in range(3):  # in base64 a value looks different behind one or two other bytes
        padded = b"\0" * offset + raw
        whole = padded[: len(padded) // 3 * 3]
        first = -(-offset * 4 // 3) if offset else 0
        yield b64encode(whole).decode()[first:]
        yield urlsafe_b64encode(whole).decode()[first:]
