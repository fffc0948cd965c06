"""Whether requests cost more where there are more users, sessions and revocation entries.

Tables of several sizes stand in one engine, and the same requests take turns over all of them. Calls and units are
counted between the functions and the engine (benchmarks/meter.py). A `bounded` authorizer has just polled: what many
entries cost at a start and at a poll is measured by benchmarks/window.py.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from benchmarks.engine import entry_lines, imported, lines
from benchmarks.environments import Place, about, asked, deployed_on, embedded_cloud, make_ready, time
from benchmarks.measured import Group, Times, row
from benchmarks.meter import Meter, metered
from dev.sam_local.events import Event
from sallyport.aws.dynamodb.session_items import session_item
from sallyport.aws.dynamodb.user_items import items_of
from sallyport.clock import system_clock
from sallyport.identifiers import new_id
from tests.support.builders import a_session, a_user
from tests.support.emulator import Emulator

SIZES = (1, 1_000, 100_000)
LARGEST = 1_000_000
ENTRIES = 100_000
REQUESTS = {"login": 5, "refresh, rotated": 15, "authorizer, strict": 40, "authorizer, bounded": 100}


@dataclass(frozen=True)
class Operation:
    """A request to a function that runs over a table of one size."""

    emulator: Emulator
    next_event: Callable[[], Event]


def measure(rounds: int, *, full: bool) -> Group:
    sizes = (*SIZES, LARGEST) if full else SIZES
    now_ms = system_clock()
    tables = {_table(size): _items(size, now_ms) for size in sizes}
    with imported(tables) as url, metered(url) as meter, embedded_cloud(), ExitStack() as running:
        places = {size: deployed_on(meter.url, _table(size)) for size in sizes}
        operations = {size: _operations(place, running) for size, place in places.items()}
        return _turns(operations, meter, rounds)


def _table(size: int) -> str:
    return f"growth-{size}"


def _turns(operations: dict[int, dict[str, Operation]], meter: Meter, rounds: int) -> Group:
    times = {(name, size): Times() for name in REQUESTS for size in operations}
    counted: dict[tuple[str, int], dict[str, float]] = {}
    for number in range(rounds + 1):
        for name, requests in REQUESTS.items():
            for size, each in operations.items():
                operation = each[name]
                make_ready(operation.emulator, operation.next_event())  # reads keys and entries where that is due
                events = [operation.next_event() for _ in range(requests)]
                meter.reset()
                asked(operation.emulator, events[:1])
                counted[name, size] = {"calls": len(meter.calls), "units": meter.units}
                if number:  # the first round is to warm up
                    time(times[name, size], operation.emulator, events[1:])
    return {
        f"{name}, {size:,} user{'s' * (size > 1)}": row(of, times[name, min(operations)], **counted[name, size])
        for (name, size), of in times.items()
    }


def _operations(place: Place, running: ExitStack) -> dict[str, Operation]:
    def start(function: str, next_event: Callable[[], Event], **settings: str) -> Operation:
        return Operation(running.enter_context(place.ours(function, **settings).running()), next_event)

    (token,) = place.new_tokens(1)
    return {
        "login": start("Login", place.new_login),
        "refresh, rotated": start("Refresh", lambda: place.event("refresh_rotated")),
        "authorizer, strict": start("Authorizer", lambda: about(token), REVOCATION_MODE="strict"),
        "authorizer, bounded": start("Authorizer", lambda: about(token), REVOCATION_MODE="bounded"),
    }


def _items(size: int, now_ms: int) -> Iterator[str]:
    """Yield so many users, each with a session, and as many revocation entries, but for one user none."""
    user = a_user()
    session = a_session(user)
    item = "".join(f"{line}\n" for line in lines([*items_of(user, "$argon2id$" + "x" * 80), session_item(session)]))
    local_part = json.dumps(user.email)[1:-1].partition("@")[0]
    for _ in range(size):
        user_id = new_id()
        yield from (
            item.replace(local_part, user_id.lower()).replace(user.user_id, user_id).replace(session.sid, new_id())
        ).splitlines()
    if size > 1:
        yield from entry_lines(min(size, ENTRIES), shards=1, now_ms=now_ms)
