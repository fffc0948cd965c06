"""What an authorization costs in DynamoDB's read units, as docs/revocation.md prices it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dev.cloud import create_table
from dev.stack import read
from sallyport.aws import clients
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.public_keys import PublishedKeys, published_item
from sallyport.aws.dynamodb.revocations import Revocations
from sallyport.aws.dynamodb.sessions import Sessions
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.identifiers import new_id
from sallyport.sessions.strict import require_live
from sallyport.signing.make import new_key
from tests.builders import NOW, SECOND, a_session, a_user
from tests.unit.test_window import a_token

NOW_MS = NOW * SECOND


@dataclass
class Meter:
    """Counts the read units of one client's calls, as the engine reports them."""

    units: list[float] = field(default_factory=list)

    def ask(self, params: dict[str, Any], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def read(self, parsed: dict[str, Any], **_: object) -> None:
        capacity = parsed.get("ConsumedCapacity") or []
        for consumed in capacity if isinstance(capacity, list) else [capacity]:
            self.units.append(consumed["CapacityUnits"])


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def table(dynoxide_url: str, meter: Meter) -> Table:
    name = f"units-{new_id()}"
    create_table(name, read(table_name=name, kms_key_id="unused").table, dynoxide_url)
    client = clients.dynamodb(dynoxide_url)
    for operation in ("BatchGetItem", "Query"):
        client.meta.events.register(f"provide-client-params.dynamodb.{operation}", meter.ask)
        client.meta.events.register(f"after-call.dynamodb.{operation}", meter.read)
    return Table(client, name)


def test_strict_reads_three_units_per_authorization(table: Table, meter: Meter) -> None:
    """User, session, and the item of a revoked token, which costs although there is none."""
    user = a_user()
    Users(table).create(user, "hash")
    session = a_session(user)
    Sessions(table).create(session)

    require_live(a_token(session.sid, user.user_id), reads=Sessions(table), now=session.created_at)

    assert sum(meter.units) == 3


@pytest.mark.parametrize(("entries", "units"), [(0, 1), (37, 1), (300, 8)])
def test_a_poll_of_bounded_reads_one_unit_for_each_37_entries(
    table: Table, meter: Meter, entries: int, units: int
) -> None:
    revocations = Revocations(table, access_token_seconds=600, shards=1)
    for _ in range(entries):
        revocations.revoke_token(new_id(), now_ms=NOW_MS)

    assert len(list(Entries(table, shards=1).since(NOW_MS))) == entries

    assert sum(meter.units) == units


def test_reading_the_published_keys_once_a_minute_costs_one_unit(table: Table, meter: Meter) -> None:
    for _ in range(3):
        table.put(published_item(new_key("RS256").jwk or {}, NOW))
    PublishedKeys(table).record_issuer("https://auth.example.com")

    PublishedKeys(table).public_ring()

    assert sum(meter.units) == 1
