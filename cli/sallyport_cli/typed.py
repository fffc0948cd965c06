"""Secrets, which come by standard input or a hidden prompt: what is an argument stays in the shell's history."""

import re
import sys
from dataclasses import dataclass, field
from typing import Any

import click

from sallyport.strict_json import loads
from sallyport_cli.errors import Refused

_MAX_BYTES = 16 * 1024
_BEARER = re.compile(r"\A(?:authorization:\s*)?bearer\s+", re.IGNORECASE)
_TOKENS = {"access_token": "access token", "refresh_token": "refresh token", "device_token": "device token"}


@dataclass(frozen=True, slots=True)
class Typed:
    """A token. `note` says which one it is, where there were several."""

    token: str = field(repr=False)
    note: str = ""


def is_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def password(*, from_stdin: bool) -> str:
    """Read a new password: the one line of standard input, or twice at a hidden prompt. Raises Refused, UsageError."""
    if from_stdin:
        line = _stdin().removesuffix("\n").removesuffix("\r")
        if "\n" in line or "\r" in line:
            raise Refused("standard input holds more than one line, and a password is one")
        return line
    if not is_terminal():
        raise click.UsageError("This is no terminal to ask for a password: pipe it in with --password-stdin.")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def token() -> Typed:
    """Read a token, by whichever way there is: alone, after `Bearer`, or in the JSON that a login answered.

    Raises Refused.
    """
    text = click.prompt("Token", hide_input=True, err=True) if is_terminal() else _stdin()
    text = text.strip()
    if text.startswith("{"):
        return _of_an_answer(text)
    return Typed(_BEARER.sub("", text))


def _of_an_answer(text: str) -> Typed:
    """Return the access token of a token response, else its refresh or device token."""
    try:
        answer: Any = loads(text.encode("utf-8"))
    except ValueError:
        raise Refused("this begins with { and is not valid JSON") from None
    found = [name for name in _TOKENS if isinstance(answer.get(name), str)]
    if not found:
        raise Refused("this JSON has no access_token, refresh_token or device_token")
    first, *others = (_TOKENS[name] for name in found)
    return Typed(answer[found[0]], f"This is the {first}. With it came: {', '.join(others)}." if others else "")


def _stdin() -> str:
    """Read all of standard input, without the mark that some editors and shells begin it with. Raises Refused."""
    if sys.stdin is None:  # the shell's `<&-`
        raise Refused("standard input is closed")
    data = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise Refused("standard input holds too much")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("standard input is not UTF-8") from None
