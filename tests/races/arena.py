"""Where races are held: a service on a table of its own, and who calls it at the same time."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, local
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from dev.aws.cloud import LOCAL, Cloud, create_table
from sallyport.accounts.user import User
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.calls import Calls, EachByItsOwn, Parameters
from sallyport.aws.clients import READS
from sallyport.aws.signed import credentials, endpoint
from sallyport.aws.signed.calls import SignedCalls
from sallyport.aws.signed.wire import HttpWire, Wire
from sallyport.identifiers import new_id
from sallyport.sessions.session import Session, SessionStore
from tests.races.in_process import InProcess, sender
from tests.support.service import Service
from tests.support.stores import in_dynamodb, table_properties

_T = TypeVar("_T")

MOST_CALLERS = 100

_STUCK = 60
"""Seconds after which a barrier breaks. Nobody waits so long, unless somebody failed on the way there."""


class Noting:
    """Notes the calls that each thread makes to DynamoDB. Implements Calls."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._of_this_thread = local()

    def call(self, operation: str, request: Parameters) -> Parameters:
        getattr(self._of_this_thread, "calls", []).append(operation)
        return self._calls.call(operation, request)

    def during(self, act: Callable[[], _T]) -> tuple[_T, list[str]]:
        """Do something; answer its result and which calls it took."""
        calls: list[str] = []
        self._of_this_thread.calls = calls
        return act(), calls


@dataclass(frozen=True)
class Arena:
    """A service on one engine's table, and the calls that it makes. A race is held `times` as often as usual."""

    service: Service
    calls: Noting
    times: int

    def rounds(self, usual: int) -> range:
        return range(usual * self.times)


def open_arena(endpoint_url: str | None, cloud: Cloud, *, times: int) -> Arena:
    """Open one on the engine at a URL, or else on the embedded cloud."""
    table_name = f"races-{new_id()}"
    create_table(table_name, table_properties(), endpoint_url)
    connections = Config(max_pool_connections=MOST_CALLERS, read_timeout=60)
    client = boto3.client("dynamodb", endpoint_url=endpoint_url, config=connections)
    source, at = credentials.find(os.environ), endpoint.resolve("dynamodb", os.environ, endpoint_url)
    assert source is not None
    assert at is not None
    wire: Wire = HttpWire(at, LOCAL.patience)
    if endpoint_url is None:
        client.meta.events.register("before-send.dynamodb", sender(cloud.application))
        wire = InProcess(cloud.application, at.netloc)
    reads = SignedCalls("dynamodb", at.region, source, wire, LOCAL.patience)
    calls = Noting(EachByItsOwn(READS, lambda: reads, lambda: ByBotocore(client)))
    return Arena(Service(in_dynamodb(table_name, calls)), calls, times)


def at_once(calls: Sequence[Callable[[], _T]]) -> list[_T]:
    """Make every call from a thread of its own, all at the same time."""
    start = Barrier(len(calls), timeout=_STUCK)

    def run(call: Callable[[], _T]) -> _T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


class ReadingTogether:
    """Sessions to which nobody writes before everybody has read them: the worst case, the same on every machine."""

    def __init__(self, sessions: SessionStore, readers: int) -> None:
        self._sessions = sessions
        self._all_have_read = Barrier(readers, timeout=_STUCK)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sessions, name)

    def load(self, user_id: str, sid: str) -> tuple[User | None, Session | None]:
        read = self._sessions.load(user_id, sid)
        self.wait()
        return read

    def wait(self) -> None:
        """Wait for all the others, without a reading of one's own."""
        self._all_have_read.wait()
