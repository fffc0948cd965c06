"""Every kind of store: in memory, and in the table of any DynamoDB engine."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from sallyport.accounts.user import Account, User
from sallyport.aws import clients
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.revocation.entries import Revoked, SessionRevoked, TokenRevoked, UserRevoked
from sallyport.sessions.session import Session
from sallyport.sessions.strict import StrictReads
from sallyport.use_cases.authenticate import AccountStore
from sallyport.use_cases.delete_user import SessionForgetter, UserDeleter
from sallyport.use_cases.logout import Revoker
from sallyport.use_cases.open_session import SessionStore
from sallyport.use_cases.refresh import ReplayRevoker, RotationStore
from tests.support.fakes import FakeRevocations, FakeSessions, FakeUsers, Memory

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class UserStore(AccountStore, Protocol):
    def get(self, user_id: str) -> User | None: ...

    def named(self, email: str) -> User | None: ...

    def create(self, user: User, password_hash: str) -> bool: ...

    def enable(self, user_id: str) -> bool: ...

    def page(self, limit: int, *, after: str | None = None) -> tuple[list[User], str | None]: ...


class AllSessions(SessionStore, RotationStore, StrictReads, SessionForgetter, Protocol):
    pass


class AllRevocations(Revoker, ReplayRevoker, UserDeleter, Protocol):
    def revoke_token(self, jti: str, *, now_ms: int) -> bool: ...

    def disable(self, user: User, *, now_ms: int) -> bool: ...

    def change_roles(self, user: User, roles: Sequence[str], *, now_ms: int) -> bool: ...

    def set_password(self, user: User, new_hash: str, *, now_ms: int) -> bool: ...

    def change_password(self, account: Account, sid: str, new_hash: str, *, now_ms: int) -> Session | None: ...


@dataclass(frozen=True)
class Stores:
    """One engine's stores. `entries` answers the revocation entries of a token, session or user, oldest first."""

    users: UserStore
    sessions: AllSessions
    revocations: AllRevocations
    entries: Callable[[str], list[Revoked]]

    def account(self, email: str) -> Account:
        account = self.users.find(email)
        assert account is not None
        return account


def in_memory() -> Stores:
    memory = Memory()

    def entries(about: str) -> list[Revoked]:
        return [entry for entry in memory.entries if about in repr(entry)]

    return Stores(FakeUsers(memory), FakeSessions(memory), FakeRevocations(memory), entries)


def in_dynamodb(table_name: str, client: "DynamoDBClient | None" = None) -> Stores:
    table = Table(client or clients.dynamodb(None), table_name)

    def entries(about: str) -> list[Revoked]:
        items = [
            item
            for item in table.partition("REVOKED#0")
            if about in (item.get("jti"), item.get("sid"), item.get("sub"))
        ]
        return [_entry(item) for item in items]

    return Stores(Users(table), Sessions(table), Revocations(table, access_token_seconds=600, shards=1), entries)


def _entry(item: Any) -> Revoked:
    if "jti" in item:
        return TokenRevoked(item["jti"])
    if "sid" in item:
        return SessionRevoked(item["sid"])
    return UserRevoked(item["sub"], item["ver"])
