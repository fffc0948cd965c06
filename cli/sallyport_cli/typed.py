"""Secrets, which come by standard input or a hidden prompt: what is an argument stays in the shell's history."""

import sys

import click

from sallyport_cli.errors import Refused

_MAX_BYTES = 16 * 1024


def password(*, from_stdin: bool) -> str:
    """Read a new password: all of standard input but for the end of its line, or twice at a hidden prompt."""
    if from_stdin:
        return _stdin()
    if not sys.stdin.isatty():
        raise click.UsageError("This is no terminal to ask for a password: pipe it in with --password-stdin.")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return typed


def token() -> str:
    """Read a token, by whichever way there is."""
    if not sys.stdin.isatty():
        return _stdin().strip()
    typed: str = click.prompt("Token", hide_input=True, err=True)
    return typed.strip()


def _stdin() -> str:
    data = sys.stdin.buffer.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise Refused("standard input holds too much")
    try:
        return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise Refused("standard input is not UTF-8") from None
