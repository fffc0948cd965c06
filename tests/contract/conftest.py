"""Every store that the contract suite runs against."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
import pytest

from dev import cloud as dev_cloud
from dev import stack
from dev.cloud import Cloud
from sallyport.accounts.user import Account, User
from sallyport.aws import clients
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.revocation.entries import Revoked, SessionRevoked, UserRevoked
from sallyport.sessions.login import AccountStore, SessionStore
from sallyport.sessions.logout import Revoker
from sallyport.sessions.refresh import ReplayRevoker, RotationStore
from tests.engines import dynoxide
from tests.fakes import FakeRevocations, FakeSessions, FakeUsers, Memory

TABLE = "contract"


class UserStore(AccountStore, Protocol):
    def get(self, user_id: str) -> User | None: ...

    def create(self, user: User, password_hash: str) -> bool: ...


class AllSessions(SessionStore, RotationStore, Protocol):
    def load_all(self, user_id: str, sid: str, jti: str) -> Any: ...


class AllRevocations(Revoker, ReplayRevoker, Protocol):
    pass


@dataclass(frozen=True)
class Stores:
    """One engine's stores. `entries` answers the revocation entries of a session or user, oldest first."""

    users: UserStore
    sessions: AllSessions
    revocations: AllRevocations
    entries: Callable[[str], list[Revoked]]

    def account(self, email: str) -> Account:
        account = self.users.find(email)
        assert account is not None
        return account


def _in_memory() -> Stores:
    memory = Memory()

    def entries(about: str) -> list[Revoked]:
        return [entry for entry in memory.entries if about in repr(entry)]

    return Stores(FakeUsers(memory), FakeSessions(memory), FakeRevocations(memory), entries)


def _in_dynamodb(endpoint_url: str | None = None) -> Stores:
    table = Table(clients.dynamodb(endpoint_url), TABLE)

    def entries(about: str) -> list[Revoked]:
        items = [item for item in table.partition("REVOKED#0") if about in (item.get("sid"), item.get("sub"))]
        return [_entry(item) for item in items]

    return Stores(Users(table), Sessions(table), Revocations(table, access_token_seconds=600, shards=1), entries)


def _entry(item: Any) -> Revoked:
    if "sid" in item:
        return SessionRevoked(item["sid"])
    return UserRevoked(item["sub"], item["ver"])


@pytest.fixture(scope="session")
def moto_table(cloud: Cloud) -> str:
    described = stack.read(table_name=TABLE, kms_key_id="unused")
    dev_cloud.create_table(TABLE, described.table, None)
    return TABLE


@pytest.fixture
def dynamodb_stores(moto_table: str) -> Stores:
    return _in_dynamodb()


@pytest.fixture(scope="session")
def dynoxide_url(cloud: Cloud) -> Iterator[str]:
    with dynoxide() as url:
        dev_cloud.create_table(TABLE, stack.read(table_name=TABLE, kms_key_id="unused").table, url)
        yield url


@pytest.fixture(params=["fake", "moto", "dynoxide"])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        return _in_memory()
    if request.param == "dynoxide":
        return _in_dynamodb(request.getfixturevalue("dynoxide_url"))
    request.getfixturevalue("moto_table")
    return _in_dynamodb()


@pytest.fixture
def raw_items(moto_table: str) -> Callable[[str], list[dict[str, Any]]]:
    """Read a partition as DynamoDB holds it, types included."""

    def read(pk: str) -> list[dict[str, Any]]:
        answer = boto3.client("dynamodb").query(
            TableName=moto_table,
            KeyConditionExpression="PK = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )
        return [dict(item) for item in answer["Items"]]

    return read
