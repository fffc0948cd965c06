"""A stack as the operator's command works on it, wherever it runs."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from sallyport import settings
from sallyport.accounts.mail_request import MailQueue
from sallyport.audit import Cause, by_operator
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock, system_clock
from sallyport.keys.key import Key
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.use_cases.manage_users import ManageUsers
from sallyport.use_cases.notify import Notify
from sallyport.values import dataclass
from sallyport.wiring.parts import access_verifier, audit_trail, public_keys


@dataclass(frozen=True, kw_only=True)
class Settings(
    settings.Revocation,
    settings.ContextRoles,
    settings.MailLanguage,
    settings.NewPasswords,
    settings.Audit,
    access_verifier.Settings,
):
    """The settings of the stack's authorizer, and what decides of passwords, mails and the audit trail."""


@dataclass(frozen=True)
class Stack:
    """`where` is for people; `clock` is the stack's, not this machine's; `rotate_keys` invokes that function.

    `mail_queue` takes notices to users; `who` says who works on it, for the audit trail.
    """

    where: str
    settings: Settings
    table: Table
    clock: Clock
    rotate_keys: Callable[[Mapping[str, Any]], Any]
    mail_queue: MailQueue
    who: Callable[[], str]

    @property
    def now(self) -> int:
        return self.clock() // 1000

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.table, self._writes)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.table)

    @cached_property
    def revocations(self) -> Revocations:
        return Revocations(self.table, self._writes)

    @cached_property
    def manage_users(self) -> ManageUsers:
        return ManageUsers(
            accounts=self.accounts,
            sessions=self.sessions,
            revocations=self.revocations,
            notify=Notify(queue=self.mail_queue, language=self.settings.mail_language, clock=self.clock),
            cause=lambda: self.cause,
            clock=self.clock,
        )

    @cached_property
    def cause(self) -> Cause:
        """Who works on it. Asked for only when something is changed."""
        return by_operator(self.who())

    @cached_property
    def trail(self) -> AuditTrail:
        return audit_trail.build(self.settings, self.table)

    @cached_property
    def _writes(self) -> RevokingWrites:
        """Revoke as every setting allows: every authorizer reads shard 0, and no access token lives longer."""
        return RevokingWrites(self.table, self.trail, access_token_seconds=settings.MAX_ACCESS_TOKEN_SECONDS, shards=1)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        return SigningKeys(self.table)

    @property
    def published_keys(self) -> Mapping[str, Key]:
        """The public keys of access tokens, by `kid`."""
        return PublishedKeys(self.table).public_ring().keys

    @cached_property
    def access_tokens(self) -> AccessTokenVerifier:
        return access_verifier.build(self.settings, public_keys.build(self.table, self.clock))


def clock_at(now_ms: int, *, exact_to_ms: int = 0) -> Clock:
    """Make a clock that shows `now_ms` now, which may be too early by `exact_to_ms`.

    A laptop whose clock is two minutes slow would date a revocation entry so early that no authorizer reads it: they
    read what was written since their last poll, with 90 s to spare. A machine whose clock is right, as far as anyone
    can tell, uses it.
    """
    behind = now_ms - system_clock()
    correction = behind if not -exact_to_ms <= behind <= 0 else 0
    return lambda: system_clock() + correction
