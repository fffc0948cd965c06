"""What IAM sees of our calls to AWS: actions, and the condition keys that DynamoDB, KMS and the others send along.

After https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html: `dynamodb:Attributes`
are all attributes that a request names, in its keys, items, projections, conditions and changes.
A transaction is asked about write by write. A batch is asked about as a whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.support.iam import Request

_WORDS = {"SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"}
_EXPRESSIONS = (
    "ConditionExpression",
    "UpdateExpression",
    "ProjectionExpression",
    "KeyConditionExpression",
    "FilterExpression",
)
_NAME = re.compile(r"(?<![\w:#])(#?[A-Za-z_]\w*)(?!\w*\s*\()")
_BATCHES = {"BatchGetItem", "BatchWriteItem"}


def as_iam_sees(service: str, operation: str, parameters: Mapping[str, Any]) -> Iterator[Request]:
    """Say about what IAM is asked when a client of boto3 makes a call."""
    match service, operation:
        case "dynamodb", "TransactWriteItems":
            for write in parameters["TransactItems"]:
                ((kind, what),) = write.items()
                yield _on_items(f"{kind}Item", [what])
        case "dynamodb", _ if operation in _BATCHES:
            for table in parameters["RequestItems"].values():
                yield _on_items(operation, list(_of_batch(table)))
        case "dynamodb", _:
            yield _on_items(operation, [parameters])
        case "kms", _:
            context = parameters["EncryptionContext"]
            named = {f"kms:EncryptionContext:{key}": (value,) for key, value in context.items()}
            yield Request(f"kms:{operation}", {**named, "kms:EncryptionContextKeys": tuple(context)})
        case "sesv2", "SendEmail":
            address = parameters["FromEmailAddress"].rpartition("<")[2].rstrip(">")
            yield Request("ses:SendEmail", {"ses:FromAddress": (address,)})
        case _:
            yield Request(f"{service}:{operation}", {})


def _of_batch(table: Any) -> Iterator[Mapping[str, Any]]:
    """Return what a batch asks of one table, each as if it were asked alone."""
    if isinstance(table, Mapping):
        rest = {name: value for name, value in table.items() if name != "Keys"}
        yield from ({"Key": key, **rest} for key in table["Keys"])
    else:
        yield from (what for each in table for what in each.values())


def _on_items(action: str, whats: Iterable[Mapping[str, Any]]) -> Request:
    keys, attributes = set[str](), set[str]()
    for what in whats:
        item = what.get("Item") or what.get("Key") or {}
        attributes |= item.keys() | _named(what)
        if pk := item.get("PK") or what.get("ExpressionAttributeValues", {}).get(":pk"):  # a Scan has none
            keys.add(pk["S"])
    return Request(
        f"dynamodb:{action}",
        {"dynamodb:LeadingKeys": sorted(keys), "dynamodb:Attributes": sorted(attributes)},
    )


def _named(what: Mapping[str, Any]) -> set[str]:
    """Find the attributes that expressions name."""
    found = {name for kind in _EXPRESSIONS for name in _NAME.findall(what.get(kind, "")) if name not in _WORDS}
    placeholders = what.get("ExpressionAttributeNames", {})
    return {placeholders[name] if name.startswith("#") else name for name in found}
