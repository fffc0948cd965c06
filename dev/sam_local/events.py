"""The files of events/, made real: with the demo user's tokens, in the state that the name asks for."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from dev import demo
from dev.sam.template import ROOT
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import (
    LIFETIME_SECONDS,
    EmailChange,
    Grant,
    OneTimeToken,
    Purpose,
    Registration,
    Reset,
    link_from,
    link_token,
    new_code,
    new_secret,
    secret_hash,
)
from sallyport.aws.dynamodb.one_time_tokens import OneTimeTokens
from sallyport.aws.dynamodb.session_items import session_key
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import system_clock
from sallyport.identifiers import new_id

EVENTS = ROOT / "events"

Event: TypeAlias = dict[str, Any]
Tokens: TypeAlias = Mapping[str, str]
"""What stands for each placeholder of the files."""

_FUNCTIONS = (
    "account",
    "authorizer",
    "login",
    "logout",
    "mailer",
    "password",
    "refresh",
    "register",
    "rotate_keys",
    "setup",
    "verify",
    "wellknown",
)
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
    """Bring session and mail of `tokens` into the state in which an event leads to what its name says."""
    if name in _MAILED:
        _mail(_MAILED[name], table, tokens)
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


_MAILED: Mapping[str, Purpose] = {
    "register_verified": "verify_email",
    "password_reset": "reset_password",
    "password_email_changed": "confirm_email",
}
"""Events that redeem the link of a mail, and what the mail was for."""


def new_address(tokens: Tokens) -> str:
    """Return the address to which the link of `tokens` was mailed, where it is not the demo user's."""
    return f"new.{tokens['MAIL_REQUEST'].lower()}@example.com"


def _mail(purpose: Purpose, table: Table, tokens: Tokens) -> None:
    """Store what the mailer stores when it mails the link of `tokens`."""
    link, grant = link_from(tokens["LINK_TOKEN"]), _grant(purpose, tokens)
    OneTimeTokens(table).offer(
        OneTimeToken(
            request=link.request,
            purpose=purpose,
            mailbox=demo.EMAIL if isinstance(grant, Reset) else new_address(tokens),
            secret_hash=secret_hash(link.unverified_secret),
            code_hash=Passwords().hash_code(new_code()),
            expires_at=int(tokens["REQUESTED_AT"]) + LIFETIME_SECONDS,
            grant=grant,
        )
    )


def _grant(purpose: Purpose, tokens: Tokens) -> Grant:
    user_id, ver = tokens["USER_ID"], _unverified_claims(tokens["ACCESS_TOKEN"])["ver"]
    match purpose:
        case "verify_email":
            return Registration(new_address(tokens))
        case "reset_password":
            return Reset(user_id, ver, demo.EMAIL)
        case "confirm_email":
            return EmailChange(user_id, ver, demo.EMAIL, new_address(tokens))


def log_in(invoke: Callable[[Event], Any]) -> Tokens:
    """Log the demo user in by the login function, and return the tokens and identifiers of the session.

    Return with them those of a mail request that is made now.
    """
    answer = invoke(json.loads((EVENTS / "login_logged_in.json").read_text()))
    body = json.loads(answer["body"])
    claims = _unverified_claims(body["access_token"])
    request = new_id()
    return {
        "ACCESS_TOKEN": body["access_token"],
        "REFRESH_TOKEN": body["refresh_token"],
        "SESSION_ID": claims["sid"],
        "USER_ID": claims["sub"],
        "TOKEN_ID": claims["jti"],
        "MAIL_REQUEST": request,
        "LINK_TOKEN": link_token(request, new_secret()),
        "REQUESTED_AT": str(system_clock() // 1000),
    }


def _unverified_claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
