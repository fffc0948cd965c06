"""A stack as the operator's command works on it, wherever it runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sallyport import settings
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.clock import Clock, system_clock
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.wiring import verification


@dataclass(frozen=True, kw_only=True)
class Settings(settings.AccessTokens, settings.TokenTimes, settings.Revocation):
    """What the stack's authorizer is told."""


@dataclass(frozen=True)
class Stack:
    """`where` is for people; `clock` is the stack's, not this machine's; `rotate_keys` invokes that function."""

    where: str
    told: Settings
    table: Table
    clock: Clock
    rotate_keys: Callable[[Mapping[str, Any]], Any]

    @property
    def now(self) -> int:
        return self.clock() // 1000

    @cached_property
    def users(self) -> Users:
        return Users(self.table)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.table)

    @cached_property
    def revocations(self) -> Revocations:
        """Revoke as every setting allows: shard 0 is read by all, and no access token outlives the longest."""
        return Revocations(self.table, access_token_seconds=settings.MAX_ACCESS_TOKEN_SECONDS, shards=1)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        return SigningKeys(self.table)

    @cached_property
    def access_tokens(self) -> AccessTokenVerifier:
        return verification.access_verifier(self.told, verification.public_keys(self.table, self.clock), self.told)


def clock_at(now_ms: int, *, exact_to_ms: int = 0) -> Clock:
    """Make a clock that shows `now_ms` now, which may be too early by `exact_to_ms`.

    An entry is dated by its writer, and authorizers ask for what was written since their last poll, with 90 s to
    spare: by the clock of a laptop that is two minutes slow a revocation would never be heard of. A machine that is
    right as far as anyone can tell keeps its own time.
    """
    behind = now_ms - system_clock()
    correction = behind if not -exact_to_ms <= behind <= 0 else 0
    return lambda: system_clock() + correction
