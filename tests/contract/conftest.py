"""Every store that the contract suite runs against."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from dev.aws import cloud as dev_cloud
from dev.aws.cloud import LOCAL, Cloud
from sallyport.accounts.user import User
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import Session
from tests.support.builders import NOW, SECOND, a_session
from tests.support.engines import dynoxide
from tests.support.stores import Stores, in_dynamodb, in_memory, table_properties

TABLE = "contract"


@pytest.fixture(scope="session")
def moto_table(cloud: Cloud) -> str:
    dev_cloud.create_table(TABLE, table_properties(), None)
    return TABLE


@pytest.fixture
def dynamodb_stores(moto_table: str) -> Stores:
    return in_dynamodb(TABLE)


@pytest.fixture(scope="session")
def dynoxide_url(cloud: Cloud) -> Iterator[str]:
    with dynoxide() as url:
        dev_cloud.create_table(TABLE, table_properties(), url)
        yield url


@pytest.fixture(params=["fake", "moto", pytest.param("dynoxide", marks=pytest.mark.only_in_check)])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "fake":
        return in_memory()
    if request.param == "dynoxide":
        return in_dynamodb(TABLE, LOCAL.dynamodb(request.getfixturevalue("dynoxide_url")))
    request.getfixturevalue("moto_table")
    return in_dynamodb(TABLE)


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


@pytest.fixture
def session(stores: Stores, user: User) -> Session:
    session = a_session(user, rotation=Rotation(floor=1, parent=2, first=4, head=6, rotated_at=NOW * SECOND))
    stores.keep(session)
    return session
