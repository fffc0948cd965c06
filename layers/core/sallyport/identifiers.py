"""Names for users, sessions and tokens that nobody can guess."""

import secrets


def new_id() -> str:
    """Make an identifier with 128 bits from the operating system's CSPRNG: 22 characters of `[A-Za-z0-9_-]`."""
    return secrets.token_urlsafe(16)
