"""Passwords as they are typed, and what a new one must be (NIST SP 800-63B-4)."""

import unicodedata
from typing import NewType

MAX_PASSWORD_BYTES = 1024
MIN_PASSWORD_LENGTH = 15

NormalPassword = NewType("NormalPassword", bytes)
"""A typed password in the form in which it is hashed: NFC, so that every keyboard's way to write it is the same."""


class PasswordTooLong(ValueError):
    """More than 1024 bytes of UTF-8, counted before any Unicode work: normalising a long text takes seconds."""


def normal(typed: str) -> NormalPassword:
    """Read a typed password. Raises PasswordTooLong."""
    if len(typed.encode("utf-8")) > MAX_PASSWORD_BYTES:
        raise PasswordTooLong
    return NormalPassword(unicodedata.normalize("NFC", typed).encode("utf-8"))


class PasswordTooShort(ValueError):
    """A new password of fewer code points than are asked for. No minimum applies at login."""


def chosen(typed: str, *, at_least: int = MIN_PASSWORD_LENGTH) -> NormalPassword:
    """Read a new password (NIST SP 800-63B-4). Its length counts code points, in the form in which it is hashed.

    Raises PasswordTooLong, PasswordTooShort.
    """
    password = normal(typed)
    if len(password.decode("utf-8")) < at_least:
        raise PasswordTooShort
    return password
