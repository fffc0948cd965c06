"""Taking what a test wrote out of the embedded DynamoDB again.

moto copies a table whole for every transaction and sorts it whole for every query: on a table that holds what a
thousand tests wrote, each call takes ten times as long. Keys stay, because execution environments remember them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from dev.sam.template import ACCOUNT, REGION

_ABOUT_USERS = ("USER#", "CREDENTIAL#", "EMAIL#", "SESSIONS#", "JTI#", "REVOKED#", "OTT#", "THROTTLE#")


@contextmanager
def nothing_piles_up() -> Iterator[None]:
    """Delete the items about users that a block adds to tables which existed before."""
    tables = dynamodb_backends[ACCOUNT][REGION].tables
    before = {
        name: {pk.value: {sk.value for sk in row} for pk, row in _about_users(table)} for name, table in tables.items()
    }
    yield
    for name in before.keys() & tables.keys():
        for pk, row in _about_users(tables[name]):
            for sk in [sk for sk in row if sk.value not in before[name].get(pk.value, ())]:
                del row[sk]
            if not row:
                del tables[name].items[pk]


def _about_users(table: Table) -> list[tuple[DynamoType, dict[DynamoType, Item]]]:
    return [(pk, row) for pk, row in table.items.items() if pk.value.startswith(_ABOUT_USERS)]
