"""`bounded` with many revocations: what loading, polling and looking up cost, and when another mode costs less.

Units are counted by dynoxide, a real DynamoDB engine. Seconds are of this machine: trust their ratios.
"""

import gc
import multiprocessing
import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from timeit import repeat

from benchmarks.engine import RETENTION, Bill, entry_lines, imported, item_size
from benchmarks.prices import DYNAMODB_READS
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from sallyport.revocation.entries import Entry, SessionRevoked, UserChanged
from sallyport.revocation.roles import NoRoles
from sallyport.revocation.window import OVERLAP_MS, Pace, Window
from sallyport.tokens.access import AccessToken
from tests.support.builders import a_token

NOW_MS = 1_800_000_000_000
POLL_MS = 5_000
PACE = Pace(poll=POLL_MS, max_staleness=60_000, retention=RETENTION * 1000)

STRICT_UNITS = 3
"""One consistent BatchGetItem of user, session and revoked token: a unit for each, also for the one that is missing."""

PARTITION_UNITS = 3000
LIMIT_SECONDS = 10
"""API Gateway waits no longer for an authorizer."""

_LOOKED_BACK = (OVERLAP_MS + POLL_MS) / 1000


@dataclass(frozen=True)
class Cost:
    """What one execution environment used. Seconds of the wall and of its own CPU, units, pages, bytes."""

    seconds: float
    cpu: float
    units: float
    pages: int
    longest_page: float
    sent: int


@dataclass(frozen=True)
class Measured:
    """One environment's life with so many live entries over so many shards.

    `look_up`: seconds for a request without a poll; `empty_look_up`: where nothing is revoked, in the same process.
    """

    entries: int
    shards: int
    load: Cost
    poll: Cost
    look_up: float
    empty_look_up: float
    grown_mb: float


class _NoEntries:
    def since(self, start_ms: int) -> tuple[Entry, ...]:  # noqa: ARG002  # there are none
        return ()


class _Clock:
    now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


def measure(url: str, table_name: str, entries: int, shards: int) -> Measured:
    """Act as a new environment: load at the first request, poll at one five seconds later, look up at many."""
    bill, clock = Bill(), _Clock()
    table = Table(ByBotocore(bill.metered(url)), table_name)
    window = Window(Entries(table, shards=shards), PACE, clock, NoRoles())
    token = a_token(sid=new_id(), sub=new_id())
    table.get(("NOBODY", "NOBODY"))  # opens the connection, and loads what botocore loads at its first call
    gc.collect()
    before = _most_memory_mb()
    load = _paid(bill, window, token)
    grown = _most_memory_mb() - before
    clock.now_ms += POLL_MS
    poll = _paid(bill, window, token)
    empty = Window(_NoEntries(), PACE, clock, NoRoles())
    return Measured(entries, shards, load, poll, _look_up(window, token), _look_up(empty, token), grown)


def _look_up(window: Window, token: AccessToken) -> float:
    return min(repeat(lambda: window.require_live(token), number=10_000, repeat=10)) / 10_000


def _paid(bill: Bill, window: Window, token: AccessToken) -> Cost:
    for noted in (bill.units, bill.sizes, bill.seconds):
        noted.clear()
    began, cpu_before = perf_counter(), process_time()
    window.require_live(token)
    return Cost(
        perf_counter() - began,
        process_time() - cpu_before,
        sum(bill.units),
        len(bill.units),
        max(bill.seconds),
        sum(bill.sizes),
    )


def _most_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def in_a_new_process(url: str, table_name: str, entries: int, shards: int) -> Measured:
    """Measure where nothing has been loaded before. The median of three, by the time to load."""
    spawn = multiprocessing.get_context("spawn")
    runs = []
    for _ in range(3):
        with ProcessPoolExecutor(1, mp_context=spawn) as process:
            runs.append(process.submit(measure, url, table_name, entries, shards).result())
    return sorted(runs, key=lambda run: run.load.cpu)[1]


def break_even(requests_per_second: float, *, shards: int, size: float) -> float:
    """Return at how many revocations per second a poll costs as many units per request as `strict` does.

    Requests of one environment: it polls once in five seconds, or at each if they are rarer. Below 0 never.
    """
    requests_per_poll = max(requests_per_second * POLL_MS / 1000, 1)
    units_per_revocation = _LOOKED_BACK * size / 4096
    return (STRICT_UNITS * requests_per_poll - shards) / units_per_revocation


def report(measured: list[Measured], size: float) -> Iterator[str]:
    empty = {run.shards: run for run in measured if run.entries == 0}
    yield f"An entry: {size:.0f} bytes in the table. Retention {RETENTION} s, a poll looks back {_LOOKED_BACK:.0f} s."
    yield ""
    yield (
        f"{'entries':>8}{'shards':>7}{'revoked/s':>10} |{'load: s':>8}{'CPU s':>7}{'x empty':>8}{'pages':>6}"
        f"{'units':>7}{'MB sent':>8}{'longest':>8}{'MB more':>8} |{'poll: s':>8}{'CPU s':>7}{'pages':>6}{'units':>7}"
        f"{'units/h':>9} |{'look-up':>8}{'x empty':>8}"
    )
    for run in measured:
        load, poll, base = run.load, run.poll, empty[run.shards]
        polls_per_hour = 3_600_000 / POLL_MS
        yield (
            f"{run.entries:>8}{run.shards:>7}{run.entries / RETENTION:>10.1f} |{load.seconds:>8.3f}{load.cpu:>7.3f}"
            f"{load.cpu / base.load.cpu:>8.1f}{load.pages:>6}{load.units:>7.0f}{load.sent / 1e6:>8.2f}"
            f"{load.longest_page:>8.3f}{run.grown_mb:>8.1f} |{poll.seconds:>8.3f}{poll.cpu:>7.3f}{poll.pages:>6}"
            f"{poll.units:>7.0f}{poll.units * polls_per_hour:>9.0f} |{run.look_up * 1e6:>7.2f}u"
            f"{run.look_up / run.empty_look_up:>8.2f}"
        )
    yield ""
    yield "Where a poll costs as many read units per request as strict (3 for each request):"
    yield f"{'requests/s of one environment':>32}{'revoked/s, 1 shard':>22}{'revoked/s, 8 shards':>22}"
    for requests in (0.1, 1, 10, 100):
        at = [f"{max(break_even(requests, shards=shards, size=size), 0):>22.1f}" for shards in (1, 8)]
        yield f"{requests:>32}{at[0]}{at[1]}"
    yield ""
    yield from _limits(measured)


def _limits(measured: list[Measured]) -> Iterator[str]:
    """Yield how many entries fit into a second and into API Gateway's time limit, by the largest measured load."""
    largest = max((run for run in measured if run.shards == 1), key=lambda run: run.entries)
    small = min(run.load.cpu for run in measured)
    for label, per_entry in (
        ("CPU alone", (largest.load.cpu - small) / largest.entries),
        ("with this engine", largest.load.seconds / largest.entries),
    ):
        second, limit = 1 / per_entry, LIMIT_SECONDS / per_entry
        yield (
            f"{label}: {per_entry * 1e6:.0f} us an entry; a first request of 1 s at {second:.0f} entries"
            f" ({second / RETENTION:.0f} revoked/s), of {LIMIT_SECONDS} s at {limit:.0f} ({limit / RETENTION:.0f}/s)"
        )
    kept = largest.grown_mb * 1e6 / largest.entries
    yield f"memory: {kept:.0f} bytes an entry at its highest, during the load"
    many = [run for run in measured if run.entries >= 10_000]
    poll = median(run.poll.units * RETENTION / run.entries for run in many)
    load = median(run.load.units * RETENTION / run.entries for run in many)
    dollars = poll * 720 * 730 * DYNAMODB_READS / 1e6
    yield (
        f"for each revocation per second: {poll:.2f} units a poll (${dollars:.2f} a month in an environment that is"
        f" always busy), {load:.1f} units a cold start"
    )
    yield (
        f"a partition answers {PARTITION_UNITS} units a second, so for each shard: cold starts per second * revoked/s"
        f" <= {PARTITION_UNITS / load:.0f}, environments * revoked/s <= {PARTITION_UNITS * POLL_MS / 1000 / poll:.0f}"
    )


def main() -> None:
    size = 0.1 * item_size(UserChanged(new_id(), 2), shards=1) + 0.9 * item_size(SessionRevoked(new_id()), shards=1)
    kinds = [(entries, shards) for entries in (0, 1_000, 10_000, 100_000) for shards in (1, 8)]
    tables = {f"window-{entries}-{shards}": (entries, shards) for entries, shards in kinds}
    with imported(
        {name: entry_lines(entries, shards=shards, now_ms=NOW_MS) for name, (entries, shards) in tables.items()}
    ) as url:
        measured = [in_a_new_process(url, name, entries, shards) for name, (entries, shards) in tables.items()]
    for line in report(measured, size):
        print(line)


if __name__ == "__main__":
    main()
