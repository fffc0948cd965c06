"""A table on a real engine, writers to it, and machines that read it."""

from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import TypeAlias

import pytest

from dev.aws.cloud import LOCAL, Cloud, create_table
from dev.sam import stack
from sallyport.aws.clients import ON_LAMBDA
from sallyport.aws.dynamodb.public_keys import PublishedKeys, published_item
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from tests.bound.history import MOST_SKEW, History, Writer
from tests.bound.ledger import Ledger
from tests.bound.machines import Process, processes
from tests.support.builders import DAY, NOW, SECOND
from tests.support.engines import dynoxide
from tests.support.issuing import ACCESS_TOKEN
from tests.support.service import Service
from tests.support.stores import in_table
from tests.support.tokens import ISSUER, made_access_key

SHARDS = 2
MACHINES = 3
WRITERS = 3

MakeHistory: TypeAlias = Callable[..., History]


@pytest.fixture(scope="session")
def endpoint_url(cloud: Cloud) -> Iterator[str]:
    with dynoxide() as url:
        yield url


@pytest.fixture(scope="session")
def table_name(endpoint_url: str) -> str:
    """A table with nothing in it but the key and the issuer."""
    name = f"bound-{new_id()}"
    create_table(name, stack.read(table_name=name, kms_key_id="unused").table, endpoint_url)
    table = Table(LOCAL.dynamodb(endpoint_url), name)
    jwk = made_access_key().jwk
    assert jwk is not None
    table.put(published_item(jwk, 0))
    PublishedKeys(table).record_issuer(ISSUER)
    return name


@pytest.fixture(scope="session")
def machines(endpoint_url: str, table_name: str) -> Iterator[list[Process]]:
    settings = {
        "TABLE_NAME": table_name,
        "DYNAMODB_ENDPOINT_URL": endpoint_url,
        "REVOCATION_SHARDS": str(SHARDS),
        "LOG_LEVEL": "ERROR",
    }
    with processes(MACHINES, settings) as started:
        yield started


@pytest.fixture(scope="session")
def starts() -> Iterator[int]:
    """When histories begin. One follows the other: machines and the table live on."""
    return count(NOW * SECOND, step=1000 * DAY * SECOND)


@pytest.fixture
def history(endpoint_url: str, table_name: str, machines: list[Process], starts: Iterator[int]) -> MakeHistory:
    def make(*, seed: int, at_once: bool = False, clocks_are_set: bool = False) -> History:
        rng = Random(seed)
        writers = [_writer(endpoint_url, table_name, rng.randint(-MOST_SKEW, MOST_SKEW)) for _ in range(WRITERS)]
        ledger, start = Ledger(SHARDS), next(starts)
        return History(writers, machines, ledger, rng, start=start, at_once=at_once, clocks_are_set=clocks_are_set)

    return make


def _writer(endpoint_url: str, table_name: str, offset: int) -> Writer:
    table = Table(ON_LAMBDA.dynamodb(endpoint_url), table_name)
    stores = in_table(table, access_token_seconds=ACCESS_TOKEN, shards=SHARDS)
    return Writer(Service(stores), offset)
