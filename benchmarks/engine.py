"""A real DynamoDB engine for benchmarks, and what calls to it cost."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from dev.aws.cloud import create_table
from dev.sam import stack
from dev.sam.template import REGION
from sallyport.aws.dynamodb.attribute_values import marshalled
from sallyport.aws.dynamodb.entries import entry_item
from sallyport.identifiers import new_id
from sallyport.revocation.entries import Revoked, SessionRevoked, TokenRevoked, UserChanged, retention
from tests.support.engines import dynoxide

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ACCESS_TOKEN = 600
RETENTION = retention(ACCESS_TOKEN)

_BATCH = 25


@contextmanager
def engine() -> Iterator[str]:
    """Run dynoxide, and yield its URL. Nothing here reaches AWS, whatever credentials its user has."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",  # noqa: S106  # the engine asks for one and ignores it
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
    )
    with dynoxide() as url:
        yield url


@dataclass
class Bill:
    """The responses so far, each with its units, its bytes as JSON and the seconds until it was parsed."""

    units: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def metered(self, url: str) -> "DynamoDBClient":
        """Make a client whose calls are on this bill. It waits longer than on Lambda: the machine may be busy."""
        client = boto3.client("dynamodb", endpoint_url=url, config=Config(read_timeout=60))
        events: Any = client.meta.events
        for operation in ("BatchGetItem", "Query", "TransactWriteItems"):
            events.register(f"provide-client-params.dynamodb.{operation}", self._ask_for_units)
            events.register(f"before-send.dynamodb.{operation}", self._begin)
            events.register(f"after-call.dynamodb.{operation}", self._note)
        return client

    def _ask_for_units(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _begin(self, **_: object) -> None:
        self._began = perf_counter()

    def _note(self, http_response: Any, parsed: dict[str, Any], **_: object) -> None:
        self.seconds.append(perf_counter() - self._began)
        consumed = parsed["ConsumedCapacity"]  # of each table, where a call can be about several
        self.units.append(
            sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        )
        self.sizes.append(len(http_response.content))


def filled(url: str, *, entries: int, shards: int, now_ms: int) -> str:
    """Make a table with so many entries, evenly over the retention before `now_ms`; return its name."""
    name = f"window-{new_id()}"
    create_table(name, stack.read(table_name=name, kms_key_id="unused").table, url)
    client = Bill().metered(url)
    apart = RETENTION * 1000 / max(entries, 1)
    items = (
        entry_item(
            _revoked(number),
            written := now_ms - int(number * apart),
            expires_at=written // 1000 + RETENTION,
            shards=shards,
        )
        for number in range(entries)
    )
    while batch := [{"PutRequest": {"Item": marshalled(item)}} for item in islice(items, _BATCH)]:
        answer = client.batch_write_item(RequestItems={name: batch})  # type: ignore[dict-item]
        assert not answer["UnprocessedItems"]
    return name


def item_size(revoked: Revoked, *, shards: int) -> int:
    """Return how many bytes an entry is for DynamoDB: names and values, a number a byte for two digits and one more."""
    item = entry_item(revoked, 1_800_000_000_000, expires_at=1_800_000_000, shards=shards)
    return sum(len(name) + _size(value) for name, value in item.items())


def _size(value: str | int) -> int:
    return len(value) if isinstance(value, str) else (len(str(value).rstrip("0")) + 1) // 2 + 1


def _revoked(number: int) -> Revoked:
    """Eight of ten end a session, one revokes a user, one a token."""
    match number % 10:
        case 0:
            return UserChanged(new_id(), 2)
        case 1:
            return TokenRevoked(new_id())
        case _:
            return SessionRevoked(new_id())
