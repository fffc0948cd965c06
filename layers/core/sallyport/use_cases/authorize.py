"""Authorize: decide whether a request to the protected API may pass."""

from typing import Protocol

from sallyport.clock import Clock
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.revocation.window import Window
from sallyport.tokens.access import AccessToken
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class Authorized:
    """Who is calling. `roles` is None where the mode does not read them."""

    token: AccessToken
    roles: tuple[str, ...] | None


class Verifier(Protocol):
    """Verifies access tokens."""

    def verify(self, token: str, *, now: int) -> AccessToken:
        """Verify `token` as of `now` (seconds). Raises TokenRejected, Unavailable."""
        ...


class RevocationMode(Protocol):
    """One revocation mode."""

    def check(self, token: AccessToken) -> tuple[str, ...] | None:
        """Return the user's roles if the mode reads them. Raises TokenDead if the token is revoked, Unavailable."""
        ...


class Stateless:
    """`stateless`: no reads; a revoked access token passes until its `exp`."""

    def check(self, token: AccessToken) -> None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class Bounded:
    """`bounded`: dictionary look-ups; a revoked access token passes for a stated number of seconds at most."""

    window: Window
    roles: KnownRoles | NoRoles

    def check(self, token: AccessToken) -> tuple[str, ...] | None:
        self.window.require_live(token)
        return self.roles.of(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorize:
    """Decides by an access token and the revocation mode."""

    verifier: Verifier
    mode: RevocationMode
    clock: Clock

    def __call__(self, unverified_token: str) -> Authorized:
        """Verify an access token and ask the revocation mode about it. Raises InvalidToken or Unavailable."""
        verified = self.verifier.verify(unverified_token, now=self.clock() // 1000)
        return Authorized(verified, self.mode.check(verified))
