"""The files of events/, made real: with the demo user's tokens, and a session in the state that the name asks for."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from dev.sam.template import ROOT
from sallyport.aws.dynamodb.session_items import session_key
from sallyport.aws.dynamodb.table import Table

EVENTS = ROOT / "events"

Event: TypeAlias = dict[str, Any]
Tokens: TypeAlias = Mapping[str, str]
"""What stands for each placeholder of the files."""

_FUNCTIONS = ("account", "authorizer", "login", "logout", "refresh", "rotate_keys", "setup", "wellknown")
_TWO_MINUTES = 120_000


def function_of(name: str) -> str:
    """Return the function that an event is for, by the beginning of its name. Raises ValueError for another name."""
    for folder in _FUNCTIONS:
        if name.startswith(f"{folder}_"):
            return "".join(word.capitalize() for word in folder.split("_"))
    raise ValueError(f"{name} is for none of the functions: a name begins with one of {', '.join(_FUNCTIONS)}")


def filled(file: Path, tokens: Tokens) -> Event:
    """Load an event with real tokens where its file has placeholders."""
    placeholders = rf"\b(?:{'|'.join(tokens)})\b"  # not within a longer name, such as SESSION_IDLE_SECONDS
    text = re.sub(placeholders, lambda found: tokens[found[0]], file.read_text())
    event: Event = json.loads(text)
    return event


def prepare(name: str, table: Table, tokens: Tokens) -> None:
    """Bring the session of `tokens` into the state in which an event leads to what its name says."""
    if name in _PREPARED:
        change, values = _PREPARED[name]
        key = session_key(tokens["USER_ID"], tokens["SESSION_ID"])
        names = {"#first": "first"} if "#first" in change else None
        table.update(key, change, condition="attribute_exists(PK)", values=values, names=names)


_PREPARED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    # A session rotates once it has been quiet for a minute.
    "refresh_rotated": ("SET rotated_at = rotated_at - :while", {":while": _TWO_MINUTES}),
    # The session has moved on, twice: its first token is one that the client has long left behind.
    "refresh_replayed": (
        "SET floor = :two, parent = :three, #first = :four, head = :four",
        {":two": 2, ":three": 3, ":four": 4},
    ),
}


def log_in(invoke: Callable[[Event], Any]) -> Tokens:
    """Log the demo user in by the login function, and return the tokens and identifiers of the session."""
    answer = invoke(json.loads((EVENTS / "login_logged_in.json").read_text()))
    body = json.loads(answer["body"])
    claims = _unverified_claims(body["access_token"])
    return {
        "ACCESS_TOKEN": body["access_token"],
        "REFRESH_TOKEN": body["refresh_token"],
        "SESSION_ID": claims["sid"],
        "USER_ID": claims["sub"],
        "TOKEN_ID": claims["jti"],
    }


def _unverified_claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
