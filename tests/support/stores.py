"""Every kind of store: in memory, and in the table of any DynamoDB engine."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

from dev.aws.cloud import LOCAL
from sallyport.accounts.user import Account, AccountStore
from sallyport.aws.dynamodb.accounts import Accounts
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.revocation.entries import RevocationStore, Revoked
from sallyport.sessions.session import Session, SessionStore
from tests.support.fakes import FakeAccounts, FakeRevocations, FakeSessions, Memory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class AllAccounts(AccountStore, Protocol):
    def change_password(self, account: Account, sid: str, new_hash: str, *, now_ms: int) -> Session | None: ...


@dataclass(frozen=True)
class Stores:
    """One engine's stores. `entries` answers the revocation entries of a token, session or user, oldest first."""

    accounts: AllAccounts
    sessions: SessionStore
    revocations: RevocationStore
    entries: Callable[[str], list[Revoked]]

    def account(self, email: str) -> Account:
        account = self.accounts.find(email)
        assert account is not None
        return account


def in_memory() -> Stores:
    memory = Memory()

    def entries(about: str) -> list[Revoked]:
        return [entry for entry in memory.entries if about in repr(entry)]

    return Stores(FakeAccounts(memory), FakeSessions(memory), FakeRevocations(memory), entries)


def in_dynamodb(table_name: str, client: "DynamoDBClient | None" = None) -> Stores:
    return in_table(Table(client or LOCAL.dynamodb(), table_name))


def in_table(table: Table, *, access_token_seconds: int = 600, shards: int = 1) -> Stores:
    """Return the stores that functions use, over one table."""
    writes = RevokingWrites(table, access_token_seconds=access_token_seconds, shards=shards)

    def entries(about: str) -> list[Revoked]:
        found = (entry.revoked for entry in Entries(table, shards=shards).since(0))
        return [revoked for revoked in found if about in asdict(revoked).values()]

    return Stores(Accounts(table, writes), Sessions(table), Revocations(table, writes), entries)
