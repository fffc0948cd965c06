"""One deployment for all leaks, which logs all that it can, and whose every call is heard."""

import time
from collections.abc import Iterator

import pytest

from dev.aws.cloud import LOCAL, Cloud
from dev.aws.deployment import Deployment, deploy
from dev.aws.recorded import RecordingClients
from dev.outbox import Outbox
from sallyport.accounts.hashing import Parameters, Passwords
from sallyport.clock import system_clock
from tests.faults.line import Line
from tests.leaks.canaries import Canaries
from tests.leaks.journey import Journey, signing_keys
from tests.leaks.places import Places
from tests.support.deployed import STRICT, Stack
from tests.support.heard import heard_by
from tests.support.tokens import ISSUER


@pytest.fixture(scope="session")
def _places() -> Places:
    return Places()


@pytest.fixture(scope="session")
def _line() -> Line:
    return Line()


@pytest.fixture(scope="session")
def deployment(cloud: Cloud, _mails: Outbox, _places: Places, _line: Line) -> Iterator[Deployment]:
    """Its clients are made while the line is open, so they speak through it."""
    clients = RecordingClients(patience=LOCAL.patience, outbox=_mails, clock=system_clock)
    with heard_by(_line.before_send), heard_by(_places.before_send):
        with pytest.MonkeyPatch.context() as patch:  # hundreds of passwords are hashed, and how well is no matter here
            patch.setattr(Passwords.__init__, "__defaults__", (Parameters(memory_kib=8, time_cost=1), None))
            deployment = deploy(ISSUER, {**STRICT, "LOG_LEVEL": "DEBUG"}, table_name="leaks", clients=clients)
        yield deployment


@pytest.fixture
def line(_line: Line) -> Iterator[Line]:
    yield _line
    _line.hang_up()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that botocore, tenacity and signed reads would have waited between attempts."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


@pytest.fixture
def places(_places: Places) -> Iterator[Places]:
    _places.clear()
    _places.is_watched = True
    yield _places
    _places.is_watched = False


@pytest.fixture(scope="session")
def _keys(deployment: Deployment) -> list[str | bytes]:
    return list(signing_keys(deployment))


@pytest.fixture
def canaries(_keys: list[str | bytes]) -> Canaries:
    """The keys that sign are planted in every test."""
    canaries = Canaries()
    canaries.plant("signing key", *_keys)
    return canaries


@pytest.fixture
def journey(stack: Stack, places: Places, canaries: Canaries) -> Journey:
    stack.deployment.mail.drain()  # what other tests have left to be mailed
    places.clear()
    return Journey(stack, places, canaries)
