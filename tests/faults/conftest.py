"""A deployment of its own, whose every call can be made to fail."""

import time
from collections.abc import Iterator

import pytest

from dev.aws.cloud import LOCAL, Cloud
from dev.aws.deployment import Deployment, deploy
from dev.lambda_host.functions import LocalFunction
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.kms import KmsCipher
from sallyport.clock import system_clock
from sallyport.sessions.issue import Signer, TokenIssuer
from sallyport.wiring.parts import private_keys, public_keys
from tests.faults.line import Line
from tests.faults.scenes import Flow, World
from tests.faults.service import Service
from tests.support.deployed import STRICT, Stack
from tests.support.heard import heard_by
from tests.support.stopped_time import MovableTime, StoppedTime, Time
from tests.support.tokens import ISSUER


@pytest.fixture(scope="session")
def open_line(cloud: Cloud) -> Iterator[Line]:
    line = Line()
    with heard_by(line.before_send):
        yield line


@pytest.fixture
def line(open_line: Line) -> Iterator[Line]:
    yield open_line
    open_line.hang_up()


@pytest.fixture(scope="session")
def deployment(cloud: Cloud, open_line: Line) -> Deployment:
    """Its clients are made while the line is open, so they speak through it."""
    return deploy(ISSUER, STRICT, table_name="faults")


@pytest.fixture(scope="session")
def began(deployment: Deployment) -> int:
    return int(time.time()) + 1


@pytest.fixture
def clock(began: int) -> Iterator[MovableTime]:
    """It stands, so that no key ring is read again unless a test wants that."""
    with StoppedTime(Time(began * 1000)).installed() as clock:
        yield clock


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that clients and tenacity would have waited between attempts: nobody waits for them here."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


@pytest.fixture(scope="session")
def signer(deployment: Deployment) -> Signer:
    told = deployment.functions["Refresh"].spec.environment
    table = Table(LOCAL.dynamodb(deployment.dynamodb_endpoint_url), deployment.table_name)
    cipher = KmsCipher(LOCAL.kms(), told["KMS_KEY_ID"])
    access, refresh = (private_keys.build(use, table, cipher, system_clock) for use in ("access", "refresh"))
    names = public_keys.build(table, system_clock)
    return TokenIssuer(names, access.active, refresh.active, told["AUDIENCE"], "sallyport", 600).signer()


@pytest.fixture
def world(stack: Stack, signer: Signer) -> World:
    return World(stack, signer)


@pytest.fixture
def service(flow: Flow, world: World, line: Line, caplog: pytest.LogCaptureFixture) -> Service:
    """The function of the test's parameter `flow`, just started."""
    return Service(flow, world, line, LocalFunction(world.stack.deployment.functions[flow.function].spec), caplog)
