"""Every kind of store: in memory, and in the table of any DynamoDB engine."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Protocol

from dev.aws.cloud import LOCAL
from dev.sam import stack
from sallyport.accounts.guesses import GuessStore
from sallyport.accounts.one_time_token import OneTimeTokenStore, RedemptionStore
from sallyport.accounts.throttle import ThrottleStore
from sallyport.accounts.user import Account, AccountStore
from sallyport.audit import AuditEntry
from sallyport.aws.calls import Calls
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.guesses import Guesses
from sallyport.aws.dynamodb.one_time_tokens import OneTimeTokens
from sallyport.aws.dynamodb.openings import Openings
from sallyport.aws.dynamodb.redemptions import Redemptions
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.session_items import session_item
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.throttle import Throttle
from sallyport.revocation.entries import RevocationStore, Revoked
from sallyport.sessions.opening import OpeningStore
from sallyport.sessions.password_change import PasswordChangeStore
from sallyport.sessions.session import Session, SessionStore
from tests.support.fakes import (
    FakeAccounts,
    FakeGuesses,
    FakeOneTimeTokens,
    FakeOpenings,
    FakeRedemptions,
    FakeRevocations,
    FakeSessions,
    FakeThrottle,
    Memory,
)


class AllAccounts(AccountStore, PasswordChangeStore, Protocol):
    """What the account store of a real table is."""


@dataclass(frozen=True)
class Stores:
    """One engine's stores.

    `entries` returns the revocation entries of a token, session or user, oldest first; `audited` the audit trail of a
    user; `keep` stores a session whatever there is of its user.
    """

    accounts: AllAccounts
    sessions: SessionStore
    openings: OpeningStore
    revocations: RevocationStore
    throttle: ThrottleStore
    guesses: GuessStore
    tokens: OneTimeTokenStore
    redemptions: RedemptionStore
    entries: Callable[[str], list[Revoked]]
    audited: Callable[[str], list[AuditEntry]]
    keep: Callable[[Session], None]

    def account(self, email: str) -> Account:
        account = self.accounts.find(email).account
        assert account is not None
        return account


def in_memory() -> Stores:
    memory = Memory()

    def entries(about: str) -> list[Revoked]:
        return [entry for entry in memory.entries if about in repr(entry)]

    def keep(session: Session) -> None:
        memory.sessions[session.user_id, session.sid] = session

    return Stores(
        accounts=FakeAccounts(memory),
        sessions=FakeSessions(memory),
        openings=FakeOpenings(memory),
        revocations=FakeRevocations(memory),
        throttle=FakeThrottle(memory),
        guesses=FakeGuesses(memory),
        tokens=FakeOneTimeTokens(memory),
        redemptions=FakeRedemptions(memory),
        entries=entries,
        audited=lambda about: [entry for entry in memory.audited if entry.about == about],
        keep=keep,
    )


@cache
def table_properties() -> Mapping[str, Any]:
    """Read from template.yaml, once, what every table is like. Each reading takes as long as a short test."""
    return stack.read(table_name="unused", kms_key_id="unused").table


def in_dynamodb(table_name: str, calls: Calls | None = None) -> Stores:
    return in_table(Table(calls or LOCAL.dynamodb(), table_name))


def in_table(table: Table, *, access_token_seconds: int = 600, shards: int = 1) -> Stores:
    """Return the stores that functions use, over one table."""
    trail = AuditTrail(table, days=400)
    writes = RevokingWrites(table, trail, access_token_seconds=access_token_seconds, shards=shards)

    def entries(about: str) -> list[Revoked]:
        found = (entry.revoked for entry in Entries(table, shards=shards).since(0))
        return [revoked for revoked in found if about in asdict(revoked).values()]

    return Stores(
        accounts=Accounts(table, writes),
        sessions=Sessions(table),
        openings=Openings(table),
        revocations=Revocations(table, writes),
        throttle=Throttle(table),
        guesses=Guesses(table),
        tokens=OneTimeTokens(table),
        redemptions=Redemptions(table, writes),
        entries=entries,
        audited=trail.about,
        keep=lambda session: table.put(session_item(session)),
    )
