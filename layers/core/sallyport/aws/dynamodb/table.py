"""The calls that Sallyport makes to its table, and what their failures mean.

Items are plain dictionaries here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from sallyport.aws.calls import CallRefused, Calls, Parameters, understood
from sallyport.aws.dynamodb.attribute_values import marshalled, unmarshalled
from sallyport.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef
    from tenacity import Retrying

Item: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[str, str]
Write: TypeAlias = "TransactWriteItemTypeDef"
_Result = TypeVar("_Result")

DAY = 86_400
"""An item's `ttl` is a day after the item stopped to matter. Logic never reads it."""


_MOST_WRITTEN_AT_ONCE = 25


class ConditionFailed(Exception):
    """A conditional write did not happen. `current` is the item as it stands, None if there is none.

    `position` is that of the write in its transaction.
    """

    def __init__(self, current: Item | None, position: int = 0) -> None:
        self.current = current
        self.position = position
        super().__init__("condition failed")


class _Conflict(Unavailable):
    """Another transaction touches the same item. It ends within milliseconds, so the call is repeated a few times."""


def _when_free(call: Callable[[Parameters], _Result], request: Parameters) -> _Result:
    """Make a call. If others touch its items, repeat it until they do not, or until it was in vain five times more."""
    with suppress(_Conflict):
        return call(request)
    return _repeating()(call, request)


@cache
def _repeating() -> "Retrying":
    from tenacity import (  # noqa: PLC0415  # loaded by the first conflict: most environments see none
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_random_exponential,
    )

    return Retrying(
        retry=retry_if_exception_type(_Conflict),
        stop=stop_after_attempt(5),
        wait=wait_random_exponential(multiplier=0.02, max=0.2),
        reraise=True,
    )


class Table:
    """One DynamoDB table. Every read is strongly consistent; every failure of infrastructure is Unavailable."""

    def __init__(self, calls: Calls, name: str) -> None:
        self._calls = calls
        self._name = name

    def get(self, *keys: Key) -> list[Item | None]:
        """Read up to a hundred items in one call, in the order of `keys`."""
        request = {self._name: {"Keys": [marshalled(_key(key)) for key in keys], "ConsistentRead": True}}
        response = self._calls.call("BatchGetItem", {"RequestItems": request})
        with understood():
            if response.get("UnprocessedKeys"):
                raise Unavailable("BatchGetItem unprocessed")
            found = {(item["PK"], item["SK"]): item for item in map(unmarshalled, response["Responses"][self._name])}
        return [found.get(key) for key in keys]

    def partition(self, pk: str, *, since: str = "", only: Sequence[str] = ()) -> list[Item]:
        """Read the items of one partition, every page of it: all, or those whose sort key is not below `since`.

        `only` names the attributes to return. This saves time to parse, not read units.
        """
        condition, values = "PK = :pk", {":pk": pk}
        if since:
            condition, values = "PK = :pk AND SK >= :since", {":pk": pk, ":since": since}
        request: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": marshalled(values),
            "ConsistentRead": True,
        }
        if only:
            names = {f"#{name}": name for name in only}
            request |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        return [item for page in self._pages("Query", request) for item in page]

    def scan(self, sk: str, *, only: Sequence[str], after: Key | None = None) -> Iterator[Item]:
        """Go through the whole table, page by page, for the items with this sort key.

        For an operator, never in a request path: every item is read and paid for. `only` names the attributes to
        return, `after` the item behind which to begin.
        """
        names = {f"#{name}": name for name in ("SK", *only)}
        request: dict[str, Any] = {
            "TableName": self._name,
            "FilterExpression": "#SK = :sk",
            "ExpressionAttributeValues": marshalled({":sk": sk}),
            "ProjectionExpression": ", ".join(f"#{name}" for name in only),
            "ExpressionAttributeNames": names,
            "Select": "SPECIFIC_ATTRIBUTES",  # set, because the policy in docs/cli.md requires it
            "ConsistentRead": True,
        }
        if after:
            request["ExclusiveStartKey"] = marshalled(_key(after))
        for page in self._pages("Scan", request):
            yield from page

    def _pages(self, operation: str, request: Parameters) -> Iterator[Sequence[Item]]:
        """Make a call for each page of items, until there is none left."""
        after = request.get("ExclusiveStartKey")
        while True:
            response = self._calls.call(operation, request)
            with understood():
                page = [unmarshalled(item) for item in response["Items"]]
                before, after = after, response.get("LastEvaluatedKey")
            if after and after == before:
                raise Unavailable(f"{operation} goes round in circles")
            yield page
            if not after:
                return
            request = {**request, "ExclusiveStartKey": after}

    def put(self, item: Item) -> None:
        self._calls.call("PutItem", {"TableName": self._name, "Item": marshalled(item)})

    def delete(self, keys: Sequence[Key]) -> None:
        """Delete items, 25 a call, whether they exist or not."""
        self._write_each([{"DeleteRequest": {"Key": marshalled(_key(key))}} for key in keys])

    def put_each(self, items: Sequence[Item]) -> None:
        """Store items, 25 a call, whatever was there."""
        self._write_each([{"PutRequest": {"Item": marshalled(item)}} for item in items])

    def _write_each(self, requests: Sequence[Any]) -> None:
        for first in range(0, len(requests), _MOST_WRITTEN_AT_ONCE):
            some = requests[first : first + _MOST_WRITTEN_AT_ONCE]
            response = self._calls.call("BatchWriteItem", {"RequestItems": {self._name: some}})
            if response.get("UnprocessedItems"):
                raise Unavailable("BatchWriteItem unprocessed")

    def update(
        self, key: Key, change: str, *, condition: str, values: Item, names: Mapping[str, str] | None = None
    ) -> Item:
        """Change one item under a condition and return it as it is now. Raises ConditionFailed."""
        request = {
            "TableName": self._name,
            "Key": marshalled(_key(key)),
            "UpdateExpression": change,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": marshalled(values),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if names:
            request["ExpressionAttributeNames"] = names
        return _when_free(self._update, request)

    def _update(self, request: Parameters) -> Item:
        with understood():
            try:
                response = self._calls.call("UpdateItem", request)
            except CallRefused as refused:
                if refused.word == "ConditionalCheckFailedException":
                    raise ConditionFailed(_found(refused.answer)) from None
                if refused.word == "TransactionConflictException":
                    raise _Conflict("UpdateItem conflict") from None
                raise
            return unmarshalled(response["Attributes"])

    def put_in_transaction(self, item: Item, *, condition: str | None = None) -> Write:
        put: dict[str, Any] = {"TableName": self._name, "Item": marshalled(item)}
        if condition:
            put["ConditionExpression"] = condition
        return cast("Write", {"Put": put})

    def update_in_transaction(
        self, key: Key, change: str, *, values: Item, condition: str = "", names: Mapping[str, str] | None = None
    ) -> Write:
        update: dict[str, Any] = {
            "TableName": self._name,
            "Key": marshalled(_key(key)),
            "UpdateExpression": change,
            "ExpressionAttributeValues": marshalled(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if condition:
            update["ConditionExpression"] = condition
        if names:
            update["ExpressionAttributeNames"] = names
        return cast("Write", {"Update": update})

    def delete_in_transaction(self, key: Key, *, condition: str | None = None, values: Item | None = None) -> Write:
        delete: dict[str, Any] = {"TableName": self._name, "Key": marshalled(_key(key))}
        if condition:
            delete |= {"ConditionExpression": condition, "ExpressionAttributeValues": marshalled(values or {})}
        return cast("Write", {"Delete": delete})

    def check_in_transaction(
        self, key: Key, *, condition: str, values: Item, names: Mapping[str, str] | None = None
    ) -> Write:
        check: dict[str, Any] = {
            "TableName": self._name,
            "Key": marshalled(_key(key)),
            "ConditionExpression": condition,
            "ExpressionAttributeValues": marshalled(values),
        }
        if names:
            check["ExpressionAttributeNames"] = names
        return cast("Write", {"ConditionCheck": check})

    def transact(self, writes: Sequence[Write]) -> None:
        """Make all of `writes` or none.

        Raises ConditionFailed with the first item that stood in the way.
        """
        _when_free(self._transact, {"TransactItems": writes})

    def _transact(self, request: Parameters) -> None:
        with understood():
            try:
                self._calls.call("TransactWriteItems", request)
            except CallRefused as refused:
                if refused.word != "TransactionCanceledException":
                    raise
                reasons = refused.answer["CancellationReasons"]
                codes = [reason["Code"] for reason in reasons]
                if "ConditionalCheckFailed" in codes:
                    first = codes.index("ConditionalCheckFailed")
                    raise ConditionFailed(_found(reasons[first]), first) from None
                if "TransactionConflict" in codes:
                    raise _Conflict("TransactWriteItems conflict") from None
                raise

    def transact_if_possible(self, writes: Sequence[Write]) -> bool:
        """Make all of `writes` or none, and return whether they were made."""
        try:
            self.transact(writes)
        except ConditionFailed:
            return False
        return True


def _found(response: Mapping[str, Any]) -> Item | None:
    item = response.get("Item")
    return unmarshalled(item) if item else None


def _key(key: Key) -> Item:
    return {"PK": key[0], "SK": key[1]}
