"""A hundred million monthly users: what the revocation window does then.

The limits that they reach are arithmetic, in benchmarks/limits.py. This is not: the authorizer's own `Window` and
`Entries` run, each with a clock that is a little off, over a table that counts what DynamoDB would bill. Only the table
and time are made up. Environments know nothing of each other, so they run one after another. Some run whole; the
others' reads are billed at their times, which a test compares with what a whole one reads.

`--write` keeps what the simulation found in benchmarks/scale.json, and puts both tables into docs/scale.md.
"""

import argparse
import json
import math
import tracemalloc
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import accumulate
from random import Random
from time import process_time
from typing import Any

from benchmarks import limits
from benchmarks.blocks import put
from benchmarks.dollars import POLL_SECONDS, UNIT_BYTES
from benchmarks.engine import RETENTION, item_size
from benchmarks.limits import PARTITION_READS, USERS, busy, revocations
from benchmarks.prices import MILLION
from dev.sam.template import ROOT
from sallyport.aws.dynamodb.entries import Entries, entry_item
from sallyport.aws.dynamodb.table import Item
from sallyport.errors import TokenDead
from sallyport.revocation.entries import Revoked, SessionRevoked, TokenRevoked, UserChanged
from sallyport.revocation.roles import NoRoles
from sallyport.revocation.window import OVERLAP_MS, Pace, Window
from tests.support.builders import a_token

FOUND = ROOT / "benchmarks/scale.json"
PAGE = ROOT / "docs/scale.md"
MARK = "benchmarks.scale: {}"

MOST_STALE_MS = 60_000
SKEW_MS = 2000

NEWEST = 20
"""Of the revocations that the bound concerns at a poll, how many an environment is asked about."""

WHOLE = 4
"""How many environments run whole."""

START_MS = 1_800_000_000_000


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is simulated: environments that all start within `starting` seconds, then poll."""

    environments: int
    revocations_per_second: float
    shards: int
    poll_seconds: int = POLL_SECONDS
    starting: int = 60
    seconds: int = 30


def scenario(users: int, *, shards: int, poll_seconds: int = POLL_SECONDS, starting: int = 60) -> Scenario:
    """Return what so many monthly users need in the busiest hour."""
    return Scenario(
        environments=math.ceil(busy(users)),
        revocations_per_second=round(revocations(users), 1),
        shards=shards,
        poll_seconds=poll_seconds,
        starting=starting,
    )


class Entered:
    """A table of revocation entries that answers and bills as DynamoDB does. Stands where `Table` stands in `Entries`.

    `now_ms` is the true time: what is written later is not there yet.
    """

    def __init__(self, scenario: Scenario, random: Random) -> None:
        self.now_ms = START_MS
        self.units: Counter[tuple[str, int]] = Counter()  # by shard and second
        self.written: list[tuple[int, Revoked]] = []
        self.is_fresh = False  # whether each item is made anew, as one that was parsed is
        self.shards = [f"REVOKED#{shard}" for shard in range(scenario.shards)]
        by_shard: dict[str, list[tuple[str, int, Item]]] = {shard: [] for shard in self.shards}
        end = START_MS + (scenario.starting + scenario.seconds) * 1000
        at = float(START_MS - RETENTION * 1000)
        while (at := at + random.expovariate(scenario.revocations_per_second) * 1000) < end:
            revoked = _revoked(random)
            stamped = int(at) + random.randint(-SKEW_MS, SKEW_MS)
            ends = stamped // 1000 + RETENTION
            item = dict(entry_item(revoked, stamped, expires_at=ends, shards=scenario.shards))
            self.written.append((int(at), revoked))
            shard, key = str(item.pop("PK")), str(item.pop("SK"))
            del item["ttl"]
            by_shard[shard].append((key, int(at), item))
        self._entries = {shard: sorted(of_it, key=lambda entry: entry[0]) for shard, of_it in by_shard.items()}
        self._keys = {shard: [key for key, _, _ in of_it] for shard, of_it in self._entries.items()}
        self.entry_bytes = 0.8 * _size(SessionRevoked) + 0.1 * _size(TokenRevoked) + 0.1 * item_size(_VERSION, shards=1)

    def partition(self, shard: str, *, since: str, only: tuple[str, ...]) -> Iterator[Item]:  # noqa: ARG002
        """Yield what `Table.partition` does, and bill for it."""
        self.bill(shard, since)
        first, last = self._between(shard, since, self.now_ms + SKEW_MS)
        for _, at, item in self._entries[shard][first:last]:
            if at <= self.now_ms:
                yield json.loads(json.dumps(item)) if self.is_fresh else item

    def bill(self, shard: str, since: str) -> None:
        """Count a unit for each 4 KB of what is found, at least one."""
        first, last = self._between(shard, since, self.now_ms)
        self.units[shard, self.now_ms // 1000] += max(1, math.ceil((last - first) * self.entry_bytes / UNIT_BYTES))

    def _between(self, shard: str, since: str, until_ms: int) -> tuple[int, int]:
        keys = self._keys[shard]
        return bisect_left(keys, since), bisect_right(keys, f"{until_ms:013}~")


_NAME = "x" * 22
_VERSION = UserChanged(_NAME, 2)


def _size(kind: type[SessionRevoked | TokenRevoked]) -> int:
    return item_size(kind(_NAME), shards=1)


def _revoked(random: Random) -> Revoked:
    """Eight of ten end a session, one revokes a user, one a token."""
    name = f"{random.getrandbits(128):022x}"[:22]
    match random.randrange(10):
        case 0:
            return UserChanged(name, 2)
        case 1:
            return TokenRevoked(name)
        case _:
            return SessionRevoked(name)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a simulation found. Units are read units, milliseconds are CPU of our code alone, without the network's."""

    live_entries: int
    entries_of_a_poll: int
    units_of_a_load: int
    units_of_a_poll: int
    busiest_shard_starting: int
    busiest_shard_polling: int
    all_shards_polling: int
    cpu_of_a_load_ms: float
    cpu_of_a_poll_ms: float
    memory_mb: float
    checked: int
    missed: int


def simulate(scenario: Scenario, seed: int = 16) -> Found:
    """Run every environment of a scenario from its start to the end, and ask it about what was revoked before."""
    random = Random(seed)  # noqa: S311  # a simulation repeats itself
    table = Entered(scenario, random)
    visible = list(accumulate((at for at, _ in table.written), max))
    loads: list[float] = []
    polls: list[float] = []
    checked = missed = 0
    for number in range(scenario.environments):
        environment = Environment(table, scenario, random)
        if number >= WHOLE:
            environment.bill_all()
            continue
        for asked_at in environment.asked_at():
            cpu = environment.ask(asked_at)
            (polls if environment.has_answered else loads).append(cpu)
            environment.has_answered = True
            known = bisect_right(visible, asked_at - scenario.poll_seconds * 1000)
            for _, revoked in table.written[max(known - NEWEST, 0) : known]:
                checked += 1
                missed += environment.allows(revoked)
    return _found(table, scenario, loads, polls, checked=checked, missed=missed)


class Environment:
    """An execution environment of the authorizer, with a clock of its own."""

    def __init__(self, table: Entered, scenario: Scenario, random: Random) -> None:
        self._table = table
        self._scenario = scenario
        self._random = random
        self._off_ms = random.randint(-SKEW_MS, SKEW_MS)
        pace = Pace(poll=scenario.poll_seconds * 1000, max_staleness=MOST_STALE_MS, retention=RETENTION * 1000)
        entries = Entries(table, shards=scenario.shards)  # type: ignore[arg-type]  # it answers as a table does
        self._window = Window(entries, pace, lambda: table.now_ms + self._off_ms, NoRoles())
        self.has_answered = False

    def asked_at(self) -> Iterator[int]:
        """Yield the times of the requests that find a poll due, from the first one on."""
        at = START_MS + self._random.randrange(self._scenario.starting * 1000)
        end = START_MS + (self._scenario.starting + self._scenario.seconds) * 1000
        while at < end:
            yield at
            at += self._scenario.poll_seconds * 1000 + self._random.randrange(_LATE_MS)

    def bill_all(self) -> None:
        """Bill what this environment would read, without reading it."""
        known_ms = RETENTION * 1000
        for at in self.asked_at():
            self._table.now_ms = at
            since = at + self._off_ms - known_ms
            for shard in self._table.shards:
                self._table.bill(shard, f"{since:013}")
            known_ms = OVERLAP_MS + self._scenario.poll_seconds * 1000 + _LATE_MS // 2

    def ask(self, at: int) -> float:
        """Answer a request of somebody who is not revoked. Return the milliseconds of CPU that it took."""
        self._table.now_ms = at
        began = process_time()
        self._window.require_live(_NOBODY)
        return (process_time() - began) * 1000

    def allows(self, revoked: Revoked) -> bool:
        """Say whether a token that is revoked passes."""
        try:
            self._window.require_live(_of(revoked))
        except TokenDead:
            return False
        return True


_LATE_MS = 100
"""The next request comes so much after the poll is due, at the most."""

_NOBODY = a_token(sid="s" * 22, sub="u" * 22)


def _of(revoked: Revoked) -> Any:
    match revoked:
        case SessionRevoked(sid):
            return replace(_NOBODY, sid=sid)
        case TokenRevoked(jti):
            return replace(_NOBODY, jti=jti)
        case UserChanged(sub, ver):
            return replace(_NOBODY, sub=sub, ver=ver - 1)
    raise AssertionError(revoked)


def _found(
    table: Entered, scenario: Scenario, loads: list[float], polls: list[float], *, checked: int, missed: int
) -> Found:
    polling_from = START_MS // 1000 + scenario.starting + 1
    polling = {key: units for key, units in table.units.items() if key[1] >= polling_from}
    starting = {key: units for key, units in table.units.items() if key[1] < polling_from}
    seconds: Counter[int] = Counter()
    for (_, second), units in polling.items():
        seconds[second] += units
    table.units.clear()
    table.is_fresh = True
    units_of_a_load, units_of_a_poll, memory = _of_one(table, scenario)
    return Found(
        live_entries=round(scenario.revocations_per_second * RETENTION),
        entries_of_a_poll=round(scenario.revocations_per_second * (OVERLAP_MS / 1000 + scenario.poll_seconds)),
        units_of_a_load=units_of_a_load,
        units_of_a_poll=units_of_a_poll,
        busiest_shard_starting=max(starting.values()),
        busiest_shard_polling=max(polling.values()),
        all_shards_polling=max(seconds.values()),
        cpu_of_a_load_ms=round(min(loads), 1),
        cpu_of_a_poll_ms=round(min(polls), 1),
        memory_mb=round(memory, 1),
        checked=checked,
        missed=missed,
    )


def _of_one(table: Entered, scenario: Scenario) -> tuple[int, int, float]:
    """Return the units of an environment's load and of its poll, and the megabytes that it then holds."""
    environment = Environment(table, replace(scenario, starting=1), Random(1))  # noqa: S311
    times = environment.asked_at()
    tracemalloc.start()
    environment.ask(next(times))
    held = tracemalloc.get_traced_memory()[0] / MILLION
    tracemalloc.stop()
    load = sum(table.units.values())
    table.units.clear()
    environment.ask(next(times))
    return load, sum(table.units.values()), held


def scenarios() -> dict[str, Scenario]:
    """Return what docs/scale.md shows, by what is said of it there."""
    return {
        "1 million": scenario(MILLION, shards=1),
        "10 million": scenario(10 * MILLION, shards=1),
        "100 million": scenario(USERS, shards=1),
        "100 million, 16 shards": scenario(USERS, shards=16),
        "100 million, 32 shards": scenario(USERS, shards=32),
        "100 million, 32 shards, slower": scenario(USERS, shards=32, poll_seconds=15),
    }


def window() -> str:
    """Return what the last simulation found, as docs/scale.md shows it."""
    runs = json.loads(FOUND.read_text())
    asked = [Scenario(**run["scenario"]) for run in runs.values()]
    found = [Found(**run["found"]) for run in runs.values()]
    rows: dict[str, list[str]] = {
        "shards": [str(of.shards) for of in asked],
        "a poll in, s": [str(of.poll_seconds) for of in asked],
        "revoked, a second": [str(of.revocations_per_second) for of in asked],
        "environments": [f"{of.environments:,}" for of in asked],
        "entries that are live": [f"{of.live_entries:,}" for of in found],
        "units of a poll": [f"{of.units_of_a_poll:,}" for of in found],
        "units of a load": [f"{of.units_of_a_load:,}" for of in found],
        "all polls, units in the busiest second": [f"{of.all_shards_polling:,}" for of in found],
        "the same, of the busiest shard": [_told(of.busiest_shard_polling) for of in found],
        "the same, while all start within a minute": [_told(of.busiest_shard_starting) for of in found],
        "CPU of a load, ms": [f"{of.cpu_of_a_load_ms:,.0f}" for of in found],
        "CPU of a poll, ms": [f"{of.cpu_of_a_poll_ms:,.1f}" for of in found],
        "memory, MB": [f"{of.memory_mb:,.1f}" for of in found],
        "revoked tokens asked about": [f"{of.checked:,}" for of in found],
        "of them allowed": [str(of.missed) for of in found],
    }
    return "\n".join(
        [
            f"| users | {' | '.join(runs)} |",
            "|---|" + "---|" * len(runs),
            *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()),
        ]
    )


def _told(units: int) -> str:
    return f"**{units:,}**" if units > PARTITION_READS else f"{units:,}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--write", action="store_true", help="keep what is found, and put it into docs/scale.md")
    written = arguments.parse_args().write
    found = {name: {"scenario": asdict(asked), "found": asdict(simulate(asked))} for name, asked in scenarios().items()}
    if written:
        FOUND.write_text(json.dumps(found, indent=2) + "\n")
        text = put(PAGE.read_text(), MARK.format("limits"), limits.table())
        PAGE.write_text(put(text, MARK.format("window"), window()))
    print(f"{limits.table()}\n\n{json.dumps(found, indent=2)}")


if __name__ == "__main__":
    main()
