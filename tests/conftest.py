"""What several kinds of test share: the embedded cloud, started once, a wire to it that can be cut, a deployment."""

import socket
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.client import ClientCreator
from botocore.hooks import EventAliaser
from botocore.loaders import create_loader
from hypothesis import settings

from dev.aws.cloud import SERVICES, Cloud, never_reach_aws
from dev.aws.deployment import Deployment, deploy
from dev.aws.recorded import RecordingClients
from dev.outbox import Outbox
from dev.sam import template
from sallyport.accounts.user import User
from sallyport.clock import system_clock
from tests.support.deployed import STRICT, Stack, open_stack
from tests.support.quick_moto import hurry
from tests.support.remembering import remembered
from tests.support.roles import functions_have_their_roles
from tests.support.stopped_time import MovableTime
from tests.support.tidying import nothing_piles_up
from tests.support.tokens import ISSUER
from tests.support.watch import Watch
from tests.support.wire import Wire

settings.register_profile("sallyport", deadline=None, derandomize=True)  # no test depends on the machine's speed
settings.register_profile("quick", parent=settings.get_profile("sallyport"), max_examples=20)  # `make test`
settings.load_profile("sallyport")

_wire = Wire()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sam-local", action="store_true", help="run tests/sam_local, which takes minutes and Docker")
    parser.addoption("--times", type=int, default=1, help="how often to do what is done again and again: races, say")


@pytest.fixture
def times(request: pytest.FixtureRequest) -> int:
    """How many times the usual number of rounds."""
    return int(request.config.getoption("--times"))


@pytest.fixture(autouse=True)
def _every_test_finds_small_tables() -> Iterator[None]:
    with nothing_piles_up():
        yield


@pytest.fixture(scope="session", autouse=True)
def _botocore_reads_its_descriptions_of_aws_once() -> Iterator[None]:
    """Commands have sessions of their own, each of which would read megabytes of JSON."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", cache(create_loader))
        patch.setattr(ClientCreator, "_create_client_class", _class_of_clients())
        patch.setattr(EventAliaser, "_alias_event_name", _name_of_events())
        yield


def _class_of_clients() -> Callable[[ClientCreator, str, Any], type]:
    """Return botocore's maker of a service's class of clients, which makes it once instead of for each client."""
    make = ClientCreator._create_client_class  # type: ignore[attr-defined]  # botocore's own, which the stubs leave out
    made: dict[str, type] = {}

    def class_of(creator: ClientCreator, service: str, model: Any) -> type:
        if service not in made:
            made[service] = make(creator, service, model)
        return made[service]

    return class_of


def _name_of_events() -> Callable[[EventAliaser, str], str]:
    """Return botocore's translator of the names of events, which translates each once instead of for each client."""
    translate = EventAliaser._alias_event_name  # type: ignore[attr-defined]  # as above
    known: dict[str, str] = {}

    def name_of(aliaser: EventAliaser, event: str) -> str:
        if event not in known:
            known[event] = translate(aliaser, event)
        return known[event]

    return name_of


@pytest.fixture(scope="session", autouse=True)
def _moto_hurries() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        hurry(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_template_is_read_once() -> Iterator[None]:
    """Every deployment reads template.yaml, and translates it for half a second."""
    with pytest.MonkeyPatch.context() as patch:
        for step in ("yaml_parse", "transform"):
            patch.setattr(template, step, remembered(getattr(template, step)))
        yield


@pytest.fixture(scope="session", autouse=True)
def _functions_have_their_roles() -> Iterator[None]:
    """Whatever a function does in any test, its role in template.yaml has to allow."""
    with functions_have_their_roles():
        yield


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    cloud = Cloud(
        _wire, services={*SERVICES, "cloudformation", "lambda", "sts"}
    )  # what the operator's command asks, too
    never_reach_aws(cloud)
    yield cloud
    cloud.close()


@pytest.fixture
def wire(cloud: Cloud) -> Iterator[Wire]:
    """Every call to the cloud during one test."""
    _wire.reset()
    yield _wire
    _wire.reset()


@pytest.fixture(scope="session")
def _mails() -> Outbox:
    return Outbox(kept=100_000)


@pytest.fixture(scope="session")
def deployment(cloud: Cloud, _mails: Outbox) -> Deployment:
    clients = RecordingClients(outbox=_mails, clock=system_clock)
    return deploy(ISSUER, STRICT, table_name="functions", clients=clients)


@pytest.fixture
def clock() -> Iterator[MovableTime]:
    with MovableTime().installed() as clock:
        yield clock


@pytest.fixture
def stack(deployment: Deployment, clock: MovableTime, _mails: Outbox) -> Stack:
    return open_stack(deployment, clock, _mails)


@pytest.fixture
def user(stack: Stack) -> User:
    return stack.new_user()


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Everyone whom this process looks up or calls."""
    called: list[tuple[str, int]] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: tuple[str, int]) -> None:
        called.append(address[:2])
        connect(self, address)

    def looking_up(host: str, port: int, *more: int) -> object:
        called.append((host, port))
        return look_up(host, port, *more)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return called


@pytest.fixture
def watch(
    stack: Stack, wire: Wire, caplog: pytest.LogCaptureFixture, dialled: list[tuple[str, int]], cloud: Cloud
) -> Watch:
    url = urlsplit(cloud.url)
    assert url.hostname is not None
    assert url.port is not None
    return Watch(stack, wire, caplog, dialled, (url.hostname, url.port))
