"""Counters of failures in a row, in the items of the throttle: `failures`, and `failed_at` in milliseconds.

DynamoDB knows no powers of two, so the waits after 5, 6, 7, ... failures are written out in the condition.
"""

from contextlib import suppress

from sallyport.accounts.guesses import (
    FREE_FAILURES,
    LONGEST_WAIT_SECONDS,
    MOST_FAILURES,
    Admission,
    seconds_to_wait,
)
from sallyport.accounts.throttle import LOGIN_SCOPE
from sallyport.aws.dynamodb.table import ConditionFailed, Item, Key, Table, Write
from sallyport.aws.dynamodb.throttle import KEPT, throttle_key

_GROWING = range(
    FREE_FAILURES, next(n for n in range(FREE_FAILURES, MOST_FAILURES) if seconds_to_wait(n) == LONGEST_WAIT_SECONDS)
)
_MAY_GUESS = " OR ".join(
    [
        "attribute_not_exists(failures)",
        "failures < :free",
        *(f"(failures = :n{n} AND failed_at <= :before{n})" for n in _GROWING),
        "(failures BETWEEN :many AND :last AND failed_at <= :long_before)",
    ]
)
_COUNTS = {
    ":free": FREE_FAILURES,
    ":many": _GROWING.stop,
    ":last": MOST_FAILURES - 1,
    **{f":n{n}": n for n in _GROWING},
}
_CLEARED = "REMOVE failures, failed_at"


class Guesses:
    """The counters. Implements GuessStore."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def reserve(self, key: str, *, now_ms: int) -> int:
        try:
            self._table.update(
                _counter(key),
                "SET failures = if_not_exists(failures, :none) + :one, failed_at = :now_ms, #ttl = :ttl",
                condition=_MAY_GUESS,
                values={
                    **_COUNTS,
                    **{f":before{n}": now_ms - seconds_to_wait(n) * 1000 for n in _GROWING},
                    ":long_before": now_ms - LONGEST_WAIT_SECONDS * 1000,
                    ":none": 0,
                    ":one": 1,
                    ":now_ms": now_ms,
                    ":ttl": now_ms // 1000 + KEPT,
                },
                names={"#ttl": "ttl"},
            )
        except ConditionFailed as failed:
            return _seconds_left(failed.current, now_ms)
        return 0

    def give_back(self, key: str) -> None:
        with suppress(ConditionFailed):  # it has been cleared
            self._table.update(
                _counter(key),
                "SET failures = failures - :one",
                condition="failures > :none",
                values={":one": 1, ":none": 0},
            )

    def clear(self, key: str, *, now: int) -> None:
        with suppress(ConditionFailed):  # there is none
            self._table.update(
                _counter(key),
                f"SET #ttl = :ttl {_CLEARED}",
                condition="attribute_exists(PK)",
                values={":ttl": now + KEPT},
                names={"#ttl": "ttl"},
            )


def cleared(table: Table, key: str, *, now: int) -> Write:
    """Return the write that clears a counter, for a transaction: it has no condition of its own."""
    return table.update_in_transaction(
        _counter(key), f"SET #ttl = :ttl {_CLEARED}", values={":ttl": now + KEPT}, names={"#ttl": "ttl"}
    )


def admitted(table: Table, admission: Admission, *, full_at_ms: int, now_ms: int) -> list[Write]:
    """Return the writes of a login that succeeds, the one that may fail first: it takes a login from the bucket.

    `full_at_ms` is when the bucket was to be full, as it was read last. If another login took one since, the condition
    fails, or the bucket has none left.
    """
    each = admission.bucket.seconds * 1000
    if full_at_ms <= now_ms:
        change, condition = "tat = :full", "attribute_not_exists(tat) OR tat <= :now_ms"
        values = {":full": now_ms + each, ":now_ms": now_ms}
    else:
        change, condition = "tat = tat + :each", "tat <= :not_empty"
        values = {":each": each, ":not_empty": now_ms + (admission.bucket.size - 1) * each}
    now = now_ms // 1000
    is_of_account = admission.counter == admission.account
    taken = table.update_in_transaction(
        _counter(admission.account),
        f"SET {change}, #ttl = :ttl" + (f" {_CLEARED}" if is_of_account else ""),
        condition=condition,
        values={**values, ":ttl": now + KEPT},
        names={"#ttl": "ttl"},
    )
    return [taken] if is_of_account else [taken, cleared(table, admission.counter, now=now)]


def full_at(item: Item | None) -> int:
    """Return when the bucket of logins will be full again, in milliseconds, 0 if it is."""
    return int(item.get("tat", 0)) if item else 0


def _counter(key: str) -> Key:
    return throttle_key(key, LOGIN_SCOPE)


def _seconds_left(item: Item | None, now_ms: int) -> int:
    """Return what is left of the wait. A clock that was ahead of ours makes no wait longer than it is."""
    if item is None or "failures" not in item:
        return 1
    failures, failed_at = int(item["failures"]), int(item["failed_at"])
    wait = seconds_to_wait(failures)
    if failures >= MOST_FAILURES:
        return wait
    return min(wait, max(1, -((now_ms - failed_at) // 1000) + wait))
