"""Deciding whether a request may pass: the authorizer's use case."""

from dataclasses import dataclass
from typing import Protocol

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.errors import InvalidToken
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Window
from sallyport.sessions.session import Session, why_dead
from sallyport.tokens.access import AccessToken, AccessTokenVerifier


@dataclass(frozen=True, slots=True)
class Authorized:
    """Who is calling. `roles` is None where the mode does not read them."""

    token: AccessToken
    roles: tuple[str, ...] | None


class RevocationMode(Protocol):
    """One revocation mode."""

    def check(self, token: AccessToken, *, now: int) -> tuple[str, ...] | None:
        """Answer the user's roles if the mode knows them. Raises InvalidToken if the token is revoked."""
        ...


class Stateless:
    """`stateless`: no reads; a revocation bites at the access token's `exp`."""

    def check(self, token: AccessToken, *, now: int) -> None:  # noqa: ARG002  # asks nothing, so it needs nothing
        return None


@dataclass(frozen=True, slots=True)
class Bounded:
    """`bounded`: dictionary look-ups; a revocation bites within a stated number of seconds."""

    window: Window
    roles: KnownRoles | NoRoles

    def check(self, token: AccessToken, *, now: int) -> tuple[str, ...] | None:  # noqa: ARG002  # see Window's clock
        self.window.require_live(token)
        return self.roles.of(token)


class StrictReads(Protocol):
    """One consistent read of all that decides."""

    def load_all(self, user_id: str, sid: str, jti: str) -> tuple[User | None, Session | None, bool]:
        """Read the user, the session and whether the token itself is revoked."""
        ...


@dataclass(frozen=True, slots=True)
class Strict:
    """`strict`: one consistent read per authorization; a revocation bites on the next request."""

    reads: StrictReads

    def check(self, token: AccessToken, *, now: int) -> tuple[str, ...]:
        user, session, is_revoked = self.reads.load_all(token.sub, token.sid, token.jti)
        dead = "jti" if is_revoked else why_dead(session, user, ver=token.ver, now=now)
        if dead is not None or user is None:
            raise InvalidToken(dead)
        return user.roles


def authorize(token: str, *, verifier: AccessTokenVerifier, mode: RevocationMode, clock: Clock) -> Authorized:
    """Verify an access token and ask the revocation mode about it. Raises InvalidToken or Unavailable."""
    now = clock() // 1000
    verified = verifier.verify(token, now=now)
    return Authorized(verified, mode.check(verified, now=now))
