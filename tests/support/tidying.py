"""Taking what a test wrote out of the embedded DynamoDB again.

moto copies a table whole for every transaction and sorts it whole for every query: on a table that holds what a
thousand tests wrote, each call takes ten times as long. Keys stay, because execution environments remember them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from moto.dynamodb.models import dynamodb_backends

from dev.sam.template import ACCOUNT, REGION

_ABOUT_USERS = ("USER#", "CREDENTIAL#", "EMAIL#", "SESSIONS#", "JTI#", "REVOKED#", "OTT#", "THROTTLE#")


@contextmanager
def nothing_piles_up() -> Iterator[None]:
    """Delete the items about users that a block adds to tables which existed before."""
    tables = dynamodb_backends[ACCOUNT][REGION].tables
    before = {name: {(pk, sk) for pk, row in table.items.items() for sk in row} for name, table in tables.items()}
    yield
    for name in before.keys() & tables.keys():
        items = tables[name].items
        for pk in [pk for pk in items if pk.value.startswith(_ABOUT_USERS)]:
            for sk in [sk for sk in items[pk] if (pk, sk) not in before[name]]:
                del items[pk][sk]
            if not items[pk]:
                del items[pk]
