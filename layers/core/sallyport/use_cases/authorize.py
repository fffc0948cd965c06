"""Deciding whether a request may pass: the authorizer's use case."""

from dataclasses import dataclass
from typing import Protocol

from sallyport.clock import Clock
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Window
from sallyport.sessions.strict import StrictReads, require_live
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


@dataclass(frozen=True, slots=True)
class Strict:
    """`strict`: one consistent read per authorization; a revocation bites on the next request."""

    reads: StrictReads

    def check(self, token: AccessToken, *, now: int) -> tuple[str, ...]:
        user, _ = require_live(token, reads=self.reads, now=now)
        return user.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorize:
    """Decides by a token alone, and by the revocation mode."""

    verifier: AccessTokenVerifier
    mode: RevocationMode
    clock: Clock

    def __call__(self, unverified_token: str) -> Authorized:
        """Verify an access token and ask the revocation mode about it. Raises InvalidToken or Unavailable."""
        now = self.clock() // 1000
        verified = self.verifier.verify(unverified_token, now=now)
        return Authorized(verified, self.mode.check(verified, now=now))
