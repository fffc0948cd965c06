"""Identifiers of users, sessions and tokens that nobody can guess."""

import re
import secrets
from collections.abc import Callable

MACHINE_PREFIX = "c_"
"""What the `sub` of a machine will begin with. No new user's id does, and no audience."""

DECOY_PREFIX = "decoy_"
"""What the id of a decoy begins with (accounts/decoys.py). No new user's id does."""

_RESERVED = (MACHINE_PREFIX, DECOY_PREFIX)

_ID = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_USER_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def new_id() -> str:
    """Return an identifier with 128 bits from the operating system's CSPRNG: 22 characters of `[A-Za-z0-9_-]`."""
    return secrets.token_urlsafe(16)


def new_user_id(draw: Callable[[], str] = new_id) -> str:
    """Return an identifier for a user: `draw` again while one begins with `c_` or `decoy_`."""
    while (drawn := draw()).startswith(_RESERVED):
        pass
    return drawn


def is_id(text: str) -> bool:
    """Tell whether a text could be an identifier of a session or token. Nothing else may become part of a table key."""
    return _ID.fullmatch(text) is not None


def is_user_id(text: str) -> bool:
    """Tell whether a text could be a user's id. One that was imported may be shorter or longer than ours."""
    return _USER_ID.fullmatch(text) is not None
