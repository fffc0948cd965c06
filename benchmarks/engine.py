"""A real DynamoDB engine for benchmarks, and what calls to it cost."""

import gzip
import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from dev.sam import stack
from dev.sam.template import REGION
from sallyport.aws.dynamodb.attribute_values import marshalled
from sallyport.aws.dynamodb.entries import entry_item
from sallyport.identifiers import new_id
from sallyport.revocation.entries import Revoked, SessionRevoked, TokenRevoked, UserChanged, retention
from tests.support.engines import DYNOXIDE, dynoxide

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

ACCESS_TOKEN = 600
RETENTION = retention(ACCESS_TOKEN)

_AT_ONCE = 10_000


@contextmanager
def engine(*arguments: str) -> Iterator[str]:
    """Run dynoxide, and yield its URL."""
    never_reach_aws()
    with dynoxide(*arguments) as url:
        yield url


def never_reach_aws() -> None:
    """Forget whatever credentials the user of this process has."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID="local",
        AWS_SECRET_ACCESS_KEY="local",  # noqa: S106  # the engine asks for one and ignores it
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
    )


@contextmanager
def imported(tables: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Run dynoxide with full tables, by name, and yield its URL.

    Items are lines, as DynamoDB exports them: its import takes some 30,000 a second, BatchWriteItem a tenth of that.
    """
    never_reach_aws()
    with TemporaryDirectory() as folder:
        schema, source = Path(folder) / "schema.json", Path(folder) / "export"
        schema.write_text(json.dumps([_described(name) for name in tables]))
        for name, items in tables.items():
            (source / name / "data").mkdir(parents=True)
            with gzip.open(source / name / "data/items.json.gz", "wb", compresslevel=0) as file:
                for some in _batched(items):
                    file.write("".join(f"{line}\n" for line in some).encode())
        database = Path(folder) / "tables.db"
        arguments = ("--source", source, "--schema", schema, "--output", database)
        subprocess.run([DYNOXIDE, "import", *arguments], capture_output=True, check=True)  # noqa: S603  # ours
        with engine("--db-path", str(database)) as url:
            yield url


def _batched(items: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(items)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _described(name: str) -> dict[str, Any]:
    """Return what DescribeTable tells of the template's table."""
    table = stack.read(table_name=name, kms_key_id="unused").table
    told = {what: table[what] for what in ("KeySchema", "AttributeDefinitions")}
    return {"Table": {"TableName": name, "TableStatus": "ACTIVE", "ItemCount": 0, "TableSizeBytes": 0, **told}}


def lines(items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield items as DynamoDB exports them."""
    for item in items:
        yield json.dumps({"Item": marshalled(item)})


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


def entry_lines(entries: int, *, shards: int, now_ms: int) -> Iterator[str]:
    """Yield so many entries, evenly over the retention before `now_ms`."""
    apart = RETENTION * 1000 / max(entries, 1)
    return lines(
        entry_item(
            _revoked(number),
            written := now_ms - int(number * apart),
            expires_at=written // 1000 + RETENTION,
            shards=shards,
        )
        for number in range(entries)
    )


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
