"""Names for users, sessions and tokens that nobody can guess."""

import re
import secrets

_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def new_id() -> str:
    """Make an identifier with 128 bits from the operating system's CSPRNG: 22 characters of `[A-Za-z0-9_-]`."""
    return secrets.token_urlsafe(16)


def is_id(text: str) -> bool:
    """Tell whether somebody's text could be one. What cannot need not be looked up, and forges no table key."""
    return _ID.fullmatch(text) is not None
