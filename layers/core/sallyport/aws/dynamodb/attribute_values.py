"""Plain values as DynamoDB writes them (`AttributeValue` of its API), and back: those that our items hold."""

from collections.abc import Mapping
from typing import Any, TypeAlias

AttributeValues: TypeAlias = dict[str, Any]


def marshalled(item: Mapping[str, Any]) -> AttributeValues:
    """Return an item as the API takes it, without what is None. Raises TypeError for a value that no item holds."""
    return {name: _marshalled(value) for name, value in item.items() if value is not None}


def unmarshalled(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item as plain values.

    Raises TypeError for a type of value that no item of ours holds, ValueError for a number that is not whole.
    """
    return {name: _unmarshalled(value) for name, value in attributes.items()}


def _marshalled(value: object) -> AttributeValues:
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {name: _marshalled(each) for name, each in value.items()}}
        case list() | tuple():
            return {"L": [_marshalled(each) for each in value]}
    raise TypeError(f"{type(value).__name__} is in no item")


def _unmarshalled(value: Mapping[str, Any]) -> Any:
    ((kind, told),) = value.items()
    match kind:
        case "S" | "BOOL" | "B":
            return told
        case "N":
            return int(told)
        case "M":
            return unmarshalled(told)
        case "L":
            return [_unmarshalled(each) for each in told]
    raise TypeError(f"a value of type {kind} is in no item")
