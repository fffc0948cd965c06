"""The Authorization header (RFC 6750 s2.1)."""

import re

from sallyport.errors import TokenRejected

# One space, one token68 without padding. Two headers arrive joined by a comma, which no token of ours contains.
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._-]+)", re.ASCII)


def bearer_token(authorization: str | None) -> str:
    """Return the token in an Authorization header. Raises TokenRejected if there is not exactly one."""
    found = _BEARER.fullmatch(authorization) if authorization else None
    if found is None:
        raise TokenRejected("authorization")
    return found[1]
