"""Passwords as they are typed. All that a login needs of them: what a new one must be is in new_password.py.

PasswordRefused             `code` for programs, `detail` for people; nothing of the password in either
├── PasswordNotText         it cannot be written in UTF-8
├── PasswordTooLong
├── PasswordTooShort        a new one only, as are those below (new_password.py)
├── PasswordCommon          it is on the blocklist, or what everybody who knows the account tries first
└── PasswordBreached        it is among those that were stolen from other services
"""

import unicodedata
from typing import ClassVar, NewType

MAX_PASSWORD_BYTES = 1024

NormalPassword = NewType("NormalPassword", bytes)
"""A typed password in the form in which it is hashed: NFC, so that every keyboard's way to write it is the same."""


class PasswordRefused(ValueError):
    """A password that breaks a rule. `detail` names the rule; it carries nothing of the password."""

    code: ClassVar[str]

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class PasswordNotText(PasswordRefused):
    """There are lone surrogates in it. Python's own error about them carries the password."""

    code = "password_not_text"

    def __init__(self) -> None:
        super().__init__("A password must be text that can be written in UTF-8.")


class PasswordTooLong(PasswordRefused):
    """More than 1024 bytes of UTF-8, counted before any Unicode work: normalising a long text takes seconds."""

    code = "password_too_long"

    def __init__(self) -> None:
        super().__init__(f"A password may have at most {MAX_PASSWORD_BYTES} bytes.")


def normal(typed: str) -> NormalPassword:
    """Read a typed password. Raises PasswordTooLong, PasswordNotText."""
    try:
        if len(typed) > MAX_PASSWORD_BYTES or len(typed.encode("utf-8")) > MAX_PASSWORD_BYTES:
            raise PasswordTooLong
    except UnicodeEncodeError:
        raise PasswordNotText from None
    return NormalPassword(unicodedata.normalize("NFC", typed).encode("utf-8"))
