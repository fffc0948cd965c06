"""Counters of tries: `THROTTLE#<sha256 of the key>` / `<scope>`. Nothing that was typed can be read from them.

A bucket is one number, `tat`: the millisecond at which it will be full again ("theoretical arrival time" in the generic
cell rate algorithm). DynamoDB knows no maximum of two numbers, so taking from a bucket is two conditional writes at
most: one for a bucket that is full, one for another.
"""

from contextlib import suppress
from hashlib import sha256

from sallyport.accounts.throttle import Allowance, Bucket
from sallyport.aws.dynamodb.table import DAY, ConditionFailed, Key, Table, Write

KEPT = 30 * DAY
"""For how many seconds a counter is kept after its last write."""


def throttle_key(key: str, scope: str) -> Key:
    return f"THROTTLE#{sha256(key.encode()).hexdigest()}", scope


class Throttle:
    """The counters. Implements ThrottleStore."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def take(self, key: str, bucket: Bucket, *, now_ms: int) -> int:
        where, each = throttle_key(key, bucket.scope), bucket.seconds * 1000
        ttl = now_ms // 1000 + KEPT
        with suppress(ConditionFailed):
            self._table.update(
                where,
                "SET tat = :full, #ttl = :ttl",
                condition="attribute_not_exists(tat) OR tat <= :now",
                values={":full": now_ms + each, ":now": now_ms, ":ttl": ttl},
                names={"#ttl": "ttl"},
            )
            return 0
        try:
            self._table.update(
                where,
                "SET tat = tat + :each, #ttl = :ttl",
                condition="tat <= :not_empty",
                values={":each": each, ":not_empty": now_ms + (bucket.size - 1) * each, ":ttl": ttl},
                names={"#ttl": "ttl"},
            )
        except ConditionFailed as failed:
            return max(1, bucket.empty_for(failed.current["tat"] if failed.current else 0, now_ms))
        return 0

    def reserve(self, key: str, allowance: Allowance, *, now_ms: int) -> bool:
        where, now = throttle_key(key, allowance.scope), now_ms // 1000
        with suppress(ConditionFailed):
            self._table.update(
                where,
                "SET failures = :one, opened_at = :now, #ttl = :ttl",
                condition="attribute_not_exists(opened_at) OR opened_at <= :closed",
                values={":one": 1, ":now": now, ":closed": now - allowance.seconds, ":ttl": now + KEPT},
                names={"#ttl": "ttl"},
            )
            return True
        try:
            self._table.update(
                where,
                "SET failures = failures + :one, #ttl = :ttl",
                condition="failures < :size",
                values={":one": 1, ":size": allowance.size, ":ttl": now + KEPT},
                names={"#ttl": "ttl"},
            )
        except ConditionFailed:
            return False
        return True

    def give_back(self, key: str, allowance: Allowance) -> None:
        with suppress(ConditionFailed):  # nothing to give back: a new day has begun
            self._table.update(
                throttle_key(key, allowance.scope),
                "SET failures = failures - :one",
                condition="failures > :none",
                values={":one": 1, ":none": 0},
            )


def given_back(table: Table, key: str, allowance: Allowance, *, now: int) -> Write:
    """Return the write that takes a reserved failure back, for a transaction: it has no condition of its own.

    So it may leave a counter of none, where a deletion has just taken the counter, and this one ends as others do.
    """
    return table.update_in_transaction(
        throttle_key(key, allowance.scope),
        "SET failures = if_not_exists(failures, :one) - :one, #ttl = :ttl",
        values={":one": 1, ":ttl": now + KEPT},
        names={"#ttl": "ttl"},
    )


def forgotten(table: Table, key: str, *scopes: str) -> list[Write]:
    """Return the writes that delete counters."""
    return [table.delete_in_transaction(throttle_key(key, scope)) for scope in scopes]
