"""What authorizations and revocations cost in DynamoDB's units, as docs/revocation.md prices them."""

import pytest

from benchmarks.engine import Bill
from benchmarks.meter import metered
from dev.aws.cloud import create_table
from dev.sam.stack import read
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.public_keys import PublishedKeys, published_item
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from sallyport.keys.make import new_key
from sallyport.sessions.strict import check_strictly
from tests.support.builders import NOW, SECOND, a_session, a_token, a_user, an_audit
from tests.support.stores import in_table

pytestmark = pytest.mark.only_in_check

NOW_MS = NOW * SECOND


@pytest.fixture
def bill() -> Bill:
    return Bill()


@pytest.fixture
def table(dynoxide_url: str, bill: Bill) -> Table:
    name = f"units-{new_id()}"
    create_table(name, read(table_name=name, kms_key_id="unused").table, dynoxide_url)
    return Table(ByBotocore(bill.metered(dynoxide_url)), name)


def test_strict_reads_three_units_per_authorization(table: Table, bill: Bill) -> None:
    """User, session, and the item of a revoked token, which costs although there is none."""
    user = a_user()
    in_table(table).accounts.create(user, "hash", an_audit(user))
    session = a_session(user)
    sessions = in_table(table).sessions
    in_table(table).keep(session)
    bill.units.clear()

    check_strictly(a_token(session.sid, user.user_id), sessions=sessions, now=session.created_at)

    assert sum(bill.units) == 3


def test_a_meter_in_the_network_counts_what_the_client_is_billed(dynoxide_url: str, bill: Bill) -> None:
    name = f"units-{new_id()}"
    create_table(name, read(table_name=name, kms_key_id="unused").table, dynoxide_url)
    user = a_user()

    with metered(dynoxide_url) as meter:
        accounts = in_table(Table(ByBotocore(bill.metered(meter.url)), name)).accounts
        accounts.create(user, "hash", an_audit(user))
        accounts.get(user.user_id)

    assert meter.calls == ["TransactWriteItems", "BatchGetItem"]
    assert meter.units == sum(bill.units) > 0


@pytest.mark.parametrize(("entries", "units"), [(0, 1), (37, 1), (300, 8)])
def test_a_poll_of_bounded_reads_one_unit_for_each_37_entries(
    table: Table, bill: Bill, entries: int, units: int
) -> None:
    revocations = in_table(table).revocations
    for _ in range(entries):
        revocations.revoke_token(new_id(), now_ms=NOW_MS)
    bill.units.clear()

    assert len(list(Entries(table, shards=1).since(NOW_MS))) == entries

    assert sum(bill.units) == units


def test_reading_the_published_keys_once_a_minute_costs_one_unit(table: Table, bill: Bill) -> None:
    for _ in range(3):
        table.put(published_item(new_key("RS256").jwk or {}, NOW))
    PublishedKeys(table).record_issuer("https://auth.example.com")

    PublishedKeys(table).public_ring()

    assert sum(bill.units) == 1


@pytest.mark.parametrize(("way", "units"), [("token", 4), ("logout", 4), ("session", 6), ("user", 6)])
def test_a_revocation_writes_two_units_an_item(table: Table, bill: Bill, way: str, units: int) -> None:
    """Two small items, and an audit entry where it is by force, at twice the price because in a transaction."""
    user = a_user()
    in_table(table).accounts.create(user, "hash", an_audit(user))
    stores, session = in_table(table), a_session(user)
    stores.keep(session)
    revocations = stores.revocations
    bill.units.clear()

    if way == "token":
        assert revocations.revoke_token(new_id(), now_ms=NOW_MS)
    elif way == "logout":
        assert revocations.end(user.user_id, session.sid, now_ms=NOW_MS)
    elif way == "session":
        assert revocations.revoke_session(user.user_id, session.sid, an_audit(user))
    else:
        assert revocations.raise_version(user.user_id, 1, an_audit(user.user_id, NOW_MS))

    assert sum(bill.units) == units
