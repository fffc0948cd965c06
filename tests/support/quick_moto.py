"""What moto does needlessly on every call to DynamoDB, left out: it took a quarter of the time of tests on moto.

What it answers stays the same: contract/ compares it with an engine and with fakes.
"""

from collections.abc import Mapping
from copy import copy, deepcopy
from typing import Any

import pytest
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_SCALARS = {"S", "N", "BOOL"}


def hurry(patch: pytest.MonkeyPatch) -> None:
    """Let moto answer sooner, until `patch` is undone."""
    _copy_only_what_a_transaction_touches(patch)
    _take_attributes_as_they_are(patch)
    _look_only_at_the_partition_of_a_query(patch)


def _copy_only_what_a_transaction_touches(patch: pytest.MonkeyPatch) -> None:
    """Before a transaction, moto copies the whole table, as often as the transaction has items.

    Transactions come one at a time (dev/aws/cloud.py), and each changes only the items that it names.
    """
    write = DynamoDBBackend.transact_write_items

    def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        named = [next(iter(item.values())) for item in transact_items]

        def snapshot(table: Table, _: object) -> Table:
            saved = copy(table)
            saved.items = copy(table.items)
            for pk, sk in (_key(table, op) for op in named if op.get("TableName") == table.name):
                if pk in table.items:
                    saved.items[pk] = {**saved.items[pk], **_copied(table.items[pk], sk)}
            return saved

        with pytest.MonkeyPatch.context() as during:
            during.setattr(Table, "__deepcopy__", snapshot, raising=False)
            write(self, transact_items)

    patch.setattr(DynamoDBBackend, "transact_write_items", transact_write_items)


def _key(table: Table, operation: Mapping[str, Any]) -> tuple[DynamoType, DynamoType]:
    attributes = operation.get("Key") or operation["Item"]
    return DynamoType(attributes[table.hash_key_attr]), DynamoType(attributes[table.range_key_attr])


def _copied(row: Mapping[DynamoType, Any], sk: DynamoType) -> dict[DynamoType, Any]:
    return {sk: deepcopy(row[sk])} if sk in row else {}


def _take_attributes_as_they_are(patch: pytest.MonkeyPatch) -> None:
    """For each attribute of an item, moto looks for each of ten types under four names. A string has but its own."""
    serialize = BaseJSONSerializer._serialize_type_structure

    def structure(self: BaseJSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if key and shape.name == "AttributeValue" and type(value) is dict and value.keys() <= _SCALARS:
            serialized[key] = value
        else:
            serialize(self, serialized, value, shape, key)

    patch.setattr(BaseJSONSerializer, "_serialize_type_structure", structure)


def _look_only_at_the_partition_of_a_query(patch: pytest.MonkeyPatch) -> None:
    """For a query of one partition, moto sorts the whole table."""
    query = Table.query

    def query_partition(self: Table, hash_key: DynamoType, *arguments: Any, **options: Any) -> Any:
        with pytest.MonkeyPatch.context() as during:
            during.setattr(self, "all_items", lambda: list(self.items.get(hash_key, {}).values()))
            return query(self, hash_key, *arguments, **options)

    patch.setattr(Table, "query", query_partition)
