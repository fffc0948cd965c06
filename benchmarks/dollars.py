"""What requests and monthly users cost, from list prices, counted units and CPU that was measured here.

DynamoDB's units are counted by tests/contract/test_costs.py, CPU comes from benchmarks/results.json, prices from
benchmarks/prices.py. What none of them can know is assumed, and stands below by name. `--write` puts the tables into
docs/costs.md; a test compares the two.
"""

import argparse
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import prices
from benchmarks.blocks import put
from benchmarks.prices import MILLION, SECONDS_A_MONTH
from dev.sam.template import ROOT
from sallyport.revocation.window import OVERLAP_MS

RESULTS = ROOT / "benchmarks/results.json"
PAGE = ROOT / "docs/costs.md"
MARK = "benchmarks.dollars"

MODES = ("stateless", "bounded", "strict")
FULL_CPU_MB = 1769
MEMORY_MB = (512, 1024, FULL_CPU_MB)
MONTHLY_USERS = (10_000, 1_000_000, 100_000_000)
SHARE_OF_COGNITO = 1 / 20

DYNAMODB_MS = 4
"""How long a call of DynamoDB takes beside our CPU. AWS promises "single-digit milliseconds"."""

COLD_SHARE = 1 / 1000
"""Of how many requests one meets a new environment, whose start is billed, too."""

REQUESTS_OF_AN_ENVIRONMENT = 50
"""A second, of a busy environment of the authorizer. So it is at work for a tenth of its time at the most."""

LOG_KB, ALLOWED_LOG_KB, ANSWER_KB = 1.0, 0.3, 2.0
USER_KB = 3.0
"""A user with a login name, a password and five sessions."""

IDLE = 4.41
"""A stack that nobody uses; tests/template/test_costs.py adds it up."""

METRICS_OF_A_BUSY_STACK = 15.0

POLL_SECONDS, OVERLAP_SECONDS, ENTRY_BYTES, UNIT_BYTES = 5, OVERLAP_MS // 1000, 105, 4096
KEYS_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A request as it is billed: units and calls of DynamoDB, and whether it passes API Gateway on our account."""

    read: float = 0
    written: float = 0
    calls: int = 0
    is_ours: bool = True
    answers_tokens: bool = False


LOGIN = Operation(read=7, written=8, calls=6, answers_tokens=True)
REFRESH = Operation(read=2, written=1, calls=2, answers_tokens=True)
LOGOUT = Operation(written=4, calls=1)
AUTHORIZATION = Operation(is_ours=False)
STRICT_AUTHORIZATION = Operation(read=3, calls=1, is_ours=False)

WHERE = {"login": ("work", "login"), "refresh": ("work", "refresh, rotated"), "logout": ("work", "refresh, rotated")}
"""Group and row of results.json. A logout, which signs nothing, is taken to cost what a refresh costs."""


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a monthly user does in a month."""

    logins: float = 2
    refreshes: float = 30
    logouts: float = 1
    api_requests: float = 300


HABITS = Habits()


class Measured:
    """CPU of one request, in milliseconds, from the results of `make bench`."""

    def __init__(self, results: Mapping[str, Any]) -> None:
        self._results = results

    def warm(self, function: str) -> float:
        return self._least(*WHERE.get(function, ("warm", function)))

    def cold(self, function: str) -> float:
        return self._least("cold", function)

    def _least(self, group: str, row: str) -> float:
        least: float = self._results[group][row]["cpu_min_ms"]
        return least


def from_results() -> Measured:
    return Measured(json.loads(RESULTS.read_text()))


def authorizer(mode: str) -> str:
    return f"authorizer, {mode}"


def billed_ms(measured: Measured, function: str, operation: Operation, memory: float) -> float:
    """Return the milliseconds that a request is billed: whole ones, and its share of a start.

    Below one vCPU a request takes as much longer as its share of the vCPU is smaller. A start has a whole one at any
    size.
    """
    at_work = measured.warm(function) * max(1, FULL_CPU_MB / memory)
    return math.ceil(at_work + operation.calls * DYNAMODB_MS) + measured.cold(function) * COLD_SHARE


def a_million(measured: Measured, function: str, operation: Operation, memory: int = FULL_CPU_MB) -> float:
    """Return what a million requests cost, without polls."""
    seconds = billed_ms(measured, function, operation, memory) / 1000 * MILLION
    logged = LOG_KB if operation.is_ours else ALLOWED_LOG_KB  # of an authorization only Lambda's own lines
    return (
        prices.LAMBDA_CALLS
        + seconds * memory / 1024 * prices.LAMBDA_GB_SECOND
        + prices.TRACES * prices.TRACED
        + logged * prices.LOGS_GB
        + prices.GATEWAY_CALLS * operation.is_ours
        + ANSWER_KB * prices.TRANSFER_GB * operation.answers_tokens
        + in_dynamodb(operation)
    )


def in_dynamodb(operation: Operation) -> float:
    """Return what DynamoDB asks for a million."""
    return operation.read * prices.DYNAMODB_READS + operation.written * prices.DYNAMODB_WRITES


def environments(requests_per_second: float) -> float:
    """Return how many environments of the authorizer answer so many requests, at least one."""
    return max(1.0, requests_per_second / REQUESTS_OF_AN_ENVIRONMENT)


def authorization(mode: str) -> Operation:
    return STRICT_AUTHORIZATION if mode == "strict" else AUTHORIZATION


def units_of_a_poll(revocations_per_second: float, *, shards: int = 1, poll_seconds: int = POLL_SECONDS) -> int:
    """Return the read units of a poll: one for each 4 KB that it finds in a shard, at least one."""
    found = (OVERLAP_SECONDS + poll_seconds) * revocations_per_second * ENTRY_BYTES / shards
    return shards * max(1, math.ceil(found / UNIT_BYTES))


def background_units_per_second(mode: str, busy: float, revocations_per_second: float) -> float:
    """Return the read units of what busy environments of the authorizer read by the clock: keys, and revocations."""
    polls = units_of_a_poll(revocations_per_second) / POLL_SECONDS if mode == "bounded" else 0
    return busy * (1 / KEYS_SECONDS + polls)


def a_month(measured: Measured, mode: str, users: int, habits: Habits = HABITS) -> dict[str, float]:
    """Return what a month costs, by kind of request."""
    requests = users * habits.api_requests
    busy = environments(requests / SECONDS_A_MONTH)
    units = background_units_per_second(mode, busy, users * habits.logouts / SECONDS_A_MONTH) * SECONDS_A_MONTH
    each = users / MILLION
    return {
        "logins": habits.logins * each * a_million(measured, "login", LOGIN),
        "refreshes": habits.refreshes * each * a_million(measured, "refresh", REFRESH),
        "logouts": habits.logouts * each * a_million(measured, "logout", LOGOUT),
        "authorizations": habits.api_requests * each * a_million(measured, authorizer(mode), authorization(mode)),
        "polls": units / MILLION * prices.DYNAMODB_READS,
        "the rest": IDLE
        + METRICS_OF_A_BUSY_STACK
        + users * USER_KB / MILLION * (prices.DYNAMODB_GB + prices.DYNAMODB_RECOVERY_GB),
    }


def of_traces() -> float:
    """Return what X-Ray asks a month for a million users."""
    calls = HABITS.logins + HABITS.refreshes + HABITS.logouts + HABITS.api_requests
    return calls * prices.TRACES * prices.TRACED


def of_cognito(plan: str, users: int) -> float:
    return prices.tiered(users, prices.COGNITO[plan])


def of_supabase(users: int) -> float:
    return prices.SUPABASE_PLAN + prices.tiered(users, prices.SUPABASE)


def page(measured: Measured) -> str:
    """Return the tables as docs/costs.md shows them."""
    return "\n".join(
        [*_a_million_by_memory(measured), "", *_months(measured), "", *_parts(measured), "", *_verdicts(measured)]
    )


def _a_million_by_memory(measured: Measured) -> Iterator[str]:
    sizes = [f"{memory:,} MB" for memory in MEMORY_MB]
    yield f"| a million | billed at {sizes[-1]} | {' | '.join(sizes)} |"
    yield "|---|---|" + "---|" * len(sizes)
    rows = [("login", "login", LOGIN), ("refresh, `rotated`", "refresh", REFRESH), ("logout", "logout", LOGOUT)]
    rows += [(f"authorization, `{mode}`", authorizer(mode), authorization(mode)) for mode in MODES]
    for name, function, operation in rows:
        billed = billed_ms(measured, function, operation, FULL_CPU_MB)
        costs = [f"${a_million(measured, function, operation, memory):.2f}" for memory in MEMORY_MB]
        yield f"| {name} | {billed:.1f} ms | {' | '.join(costs)} |"


def _months(measured: Measured) -> Iterator[str]:
    yield f"| a month | {' | '.join(f'{users:,} users' for users in MONTHLY_USERS)} |"
    yield "|---|" + "---|" * len(MONTHLY_USERS)
    for mode in MODES:
        yield _row(f"Sallyport, `{mode}`", [sum(a_month(measured, mode, users).values()) for users in MONTHLY_USERS])
    for plan in prices.COGNITO:
        yield _row(f"Cognito, {plan}", [of_cognito(plan, users) for users in MONTHLY_USERS])
    yield _row("Supabase, Pro", [of_supabase(users) for users in MONTHLY_USERS])


def _row(name: str, dollars: list[float]) -> str:
    return f"| {name} | {' | '.join(f'${cost:,.0f}' for cost in dollars)} |"


def _parts(measured: Measured) -> Iterator[str]:
    months = {mode: a_month(measured, mode, MILLION) for mode in MODES}
    yield f"| a million users | {' | '.join(f'`{mode}`' for mode in MODES)} |"
    yield "|---|" + "---|" * len(MODES)
    for part in months[MODES[0]]:
        yield _row(part, [months[mode][part] for mode in MODES])
    yield _row("**together**", [sum(months[mode].values()) for mode in MODES])
    yield _row("of it traces by X-Ray", [of_traces()] * len(MODES))


def _verdicts(measured: Measured) -> Iterator[str]:
    """Yield, for each mode, which part of Cognito's price Sallyport's is, at a million monthly users."""
    yield f"| at a million users, of Cognito's | {' | '.join(prices.COGNITO)} |"
    yield "|---|" + "---|" * len(prices.COGNITO)
    months = {f"`{mode}`": sum(a_month(measured, mode, MILLION).values()) for mode in MODES}
    for name, ours in [*months.items(), *((f"{name}, no traces", ours - of_traces()) for name, ours in months.items())]:
        shares = [ours / of_cognito(plan, MILLION) for plan in prices.COGNITO]
        told = [f"1/{1 / share:.0f}, {'met' if share <= SHARE_OF_COGNITO else '**not met**'}" for share in shares]
        yield f"| {name} | {' | '.join(told)} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help="put the tables into docs/costs.md, too")
    tables = page(from_results())
    print(tables)
    if arguments.parse_args().write:
        PAGE.write_text(put(PAGE.read_text(), MARK, tables))


if __name__ == "__main__":
    main()
