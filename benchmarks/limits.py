"""Which quota is reached first on the way to a hundred million monthly users: arithmetic, for docs/scale.md."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.dollars import (
    HABITS,
    KEYS_SECONDS,
    LOGIN,
    LOGOUT,
    POLL_SECONDS,
    REFRESH,
    STRICT_AUTHORIZATION,
    environments,
    units_of_a_poll,
)
from benchmarks.prices import MILLION, SECONDS_A_MONTH

USERS = 100 * MILLION
PEAK = 3
"""How many times the mean the busiest hour has."""

MAILED_SHARE = 1 / 50
"""Of the monthly users, how many get a mail in a month."""

PARTITION_READS, PARTITION_WRITES = 3000, 1000
TABLE_UNITS, WARM_READS, WARM_WRITES = 40_000, 12_000, 4000
GATEWAY_REQUESTS, REQUESTS_OF_CONCURRENCY, CONCURRENCY = 10_000, 10, 1000
MAILS_A_SECOND, MAILS_A_DAY = 14, 50_000
MOST_SHARDS = 64


@dataclass(frozen=True)
class Limit:
    """Something that ends: `used` says how much of it so many monthly users need in the busiest hour."""

    what: str
    most: float
    used: Callable[[float], float]
    moved_by: str

    def reached_at(self) -> float:
        """Return at how many monthly users nothing is left."""
        low, high = 0.0, 1e13
        while high - low > 1000:
            middle = (low + high) / 2
            low, high = (middle, high) if self.used(middle) <= self.most else (low, middle)
        return low


def a_second(users: float, times_a_month: float) -> float:
    """Return how often something happens in a second of the busiest hour."""
    return users * times_a_month * PEAK / SECONDS_A_MONTH


def revocations(users: float) -> float:
    return a_second(users, HABITS.logouts)


def busy(users: float) -> float:
    """Return how many environments of the authorizer answer in the busiest hour."""
    return environments(a_second(users, HABITS.api_requests))


def polled(users: float, *, shards: int = 1, poll_seconds: int = POLL_SECONDS) -> float:
    """Return the read units a second of all polls. Without rounding, so that it grows with the users."""
    of_one = max(1, units_of_a_poll(revocations(users), shards=shards, poll_seconds=poll_seconds))
    return busy(users) * of_one / poll_seconds


OURS = HABITS.logins + HABITS.refreshes + HABITS.logouts
READS = HABITS.logins * LOGIN.read + HABITS.refreshes * REFRESH.read
WRITES = HABITS.logins * LOGIN.written + HABITS.refreshes * REFRESH.written + HABITS.logouts * LOGOUT.written
IN_STRICT = READS + HABITS.api_requests * STRICT_AUTHORIZATION.read

_ASK = "ask AWS for more"
_WARM = "`aws dynamodb update-table --warm-throughput`, before the day; it grows by itself with use"

REQUESTS_PER_SECOND, LOGIN_REQUESTS_PER_SECOND = 100, 50
"""Defaults of the template's parameters."""

LIMITS = (
    Limit(
        "`RequestsPerSecond`, ours: 100",
        REQUESTS_PER_SECOND,
        lambda users: a_second(users, OURS),
        "the parameter, up to 10,000",
    ),
    Limit(
        "`LoginRequestsPerSecond`, ours, a route: 50",
        LOGIN_REQUESTS_PER_SECOND,
        lambda users: a_second(users, HABITS.logins),
        "the parameter, up to 10,000",
    ),
    Limit(
        f"API Gateway, an account: {GATEWAY_REQUESTS:,} requests a second, your API's among them",
        GATEWAY_REQUESTS,
        lambda users: a_second(users, OURS + HABITS.api_requests),
        f"{_ASK}; an account of its own for your API",
    ),
    Limit(
        f"Lambda, an account: {REQUESTS_OF_CONCURRENCY} calls a second for each unit of concurrency, {CONCURRENCY:,}"
        " of which there are, your API's functions among them",
        REQUESTS_OF_CONCURRENCY * CONCURRENCY,
        lambda users: a_second(users, OURS + 2 * HABITS.api_requests),
        _ASK,
    ),
    Limit(
        f"DynamoDB, a new table: {WARM_READS:,} read units a second; `strict`",
        WARM_READS,
        lambda users: a_second(users, IN_STRICT),
        _WARM,
    ),
    Limit(
        f"DynamoDB, a new table: {WARM_READS:,} read units a second; `bounded`",
        WARM_READS,
        lambda users: a_second(users, READS) + polled(users),
        _WARM,
    ),
    Limit(
        f"DynamoDB, a new table: {WARM_WRITES:,} write units a second",
        WARM_WRITES,
        lambda users: a_second(users, WRITES),
        _WARM,
    ),
    Limit(
        f"DynamoDB, a table by its quota: {TABLE_UNITS:,} read units a second; `strict`",
        TABLE_UNITS,
        lambda users: a_second(users, IN_STRICT),
        f"{_ASK}; `bounded`",
    ),
    Limit(
        f"DynamoDB, a table by its quota: {TABLE_UNITS:,} read units a second; `bounded`",
        TABLE_UNITS,
        lambda users: a_second(users, READS) + polled(users),
        f"`RevocationPollSeconds`; {_ASK}",
    ),
    Limit(
        f"DynamoDB, a table by its quota: {TABLE_UNITS:,} write units a second",
        TABLE_UNITS,
        lambda users: a_second(users, WRITES),
        _ASK,
    ),
    Limit(
        f"DynamoDB, a partition: {PARTITION_READS:,} read units a second; polls, 1 shard",
        PARTITION_READS,
        polled,
        "`RevocationShards`, `RevocationPollSeconds`",
    ),
    Limit(
        f"DynamoDB, {MOST_SHARDS} partitions: polls, {MOST_SHARDS} shards",
        PARTITION_READS * MOST_SHARDS,
        lambda users: polled(users, shards=MOST_SHARDS),
        "`RevocationPollSeconds`, `strict`",
    ),
    Limit(
        f"DynamoDB, a partition: {PARTITION_WRITES:,} write units a second; entries, 1 shard",
        PARTITION_WRITES,
        lambda users: 2 * revocations(users),
        "`RevocationShards`",
    ),
    Limit(
        "DynamoDB, a partition: public keys, read once a minute",
        PARTITION_READS,
        lambda users: busy(users) / KEYS_SECONDS,
        "nothing needs to",
    ),
    Limit(
        f"SES, as often granted first: {MAILS_A_DAY:,} mails a day",
        MAILS_A_DAY,
        lambda users: users * MAILED_SHARE * 86_400 / SECONDS_A_MONTH,
        _ASK,
    ),
    Limit(
        f"SES, as often granted first: {MAILS_A_SECOND} mails a second",
        MAILS_A_SECOND,
        lambda users: a_second(users, MAILED_SHARE),
        _ASK,
    ),
)


def table() -> str:
    """Return the limits as docs/scale.md shows them, the one that is reached first at the top."""
    rows = [
        f"| limit | reached at, million users | {USERS // MILLION} million use | of the limit | moved by |",
        "|---|---|---|---|---|",
    ]
    for limit in sorted(LIMITS, key=Limit.reached_at):
        used = limit.used(USERS)
        rows.append(
            f"| {limit.what} | {limit.reached_at() / MILLION:,.1f} | {used:,.0f} | {used / limit.most:.2f} |"
            f" {limit.moved_by} |"
        )
    return "\n".join(rows)
