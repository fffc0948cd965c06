"""The revocation entry: what tells authorizers of a revocation while a token could still be accepted."""

from dataclasses import dataclass

from sallyport.tokens.claims import MAX_INTEGER

_SLACK_SECONDS = 120  # clock leeway, skew between environments, a refresh in flight, a slow commit

EVERY_VERSION = MAX_INTEGER + 1
"""Above every `ver` that a token can carry: a user revoked below it has no token left."""


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """One access token is void."""

    jti: str


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    """Every access token of one session is void."""

    sid: str


@dataclass(frozen=True, slots=True)
class UserRevoked:
    """Every token of a user with a version below `ver` is void, and his roles are to be read again.

    So the current version revokes nothing and tells of changed roles, and EVERY_VERSION tells of a user who is deleted.
    """

    sub: str
    ver: int


Revoked = TokenRevoked | SessionRevoked | UserRevoked


@dataclass(frozen=True, slots=True)
class Entry:
    """A revocation, and the second until which it is kept and honoured."""

    revoked: Revoked
    expires_at: int


def retention(access_token_seconds: int) -> int:
    """Say for how many seconds an entry is kept and honoured."""
    return access_token_seconds + _SLACK_SECONDS
