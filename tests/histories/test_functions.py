"""Some histories of requests against the model, through the deployed functions: event in and answer out."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dev.aws.cloud import LOCAL, Cloud
from dev.aws.deployment import Deployment, deploy
from sallyport import settings
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import system_clock
from sallyport.errors import Unavailable
from sallyport.wiring import refresh
from sallyport.wiring.parts import access_verifier, cipher, private_keys, public_keys, token_issuer
from tests.histories.machine import Answer, hold_to_the_model
from tests.histories.model import BROKEN, OK, REFUSED, Fault
from tests.support import deployed
from tests.support.deployed import STRICT, Stack
from tests.support.logging_in import IDLE
from tests.support.service import Service
from tests.support.stopped_time import StoppedTime, Time
from tests.support.stores import in_dynamodb
from tests.support.tokens import ISSUER
from tests.support.wire import Wire

WRITES = ["PutItem", "TransactWriteItems", "UpdateItem"]


class Functions:
    """The deployed functions; behind them the change of a password, which has no route yet."""

    def __init__(self, stack: Stack, service: Service, wire: Wire) -> None:
        self._stack = stack
        self._service = service
        self._wire = wire

    @property
    def now(self) -> int:
        return self._service.clock.now_ms

    @now.setter
    def now(self, now: int) -> None:
        self._service.clock.now_ms = now

    @contextmanager
    def suffering(self, fault: Fault) -> Iterator[None]:
        match fault:
            case Fault.NO_READ:
                self._wire.refuse("BatchGetItem")
            case Fault.WRITE_REFUSED:
                self._wire.refuse(*WRITES)
            case Fault.ANSWER_LOST:
                self._wire.lose_answers(*WRITES)
            case Fault.NONE:
                pass
        yield
        self._wire.reset()

    def new_user(self) -> User:
        return self._service.new_user()

    def log_in(self, user: User) -> Answer:
        return _answer(self._stack.log_in(user))

    def refresh(self, refresh_token: str) -> Answer:
        return _answer(self._stack.refresh(refresh_token))

    def log_out(self, refresh_token: str, *, everywhere: bool) -> Answer:
        return _answer(self._stack.log_out(refresh_token=refresh_token, everywhere=everywhere))

    def change_password(self, access_token: str) -> Answer:
        try:
            tokens = self._service.change_password(access_token)
        except Unavailable:
            return Answer(BROKEN)
        return Answer(OK, tokens.refresh_token, tokens.access_token) if tokens else Answer(REFUSED)

    def authorizes(self, access_token: str) -> bool:
        return bool(self._stack.authorize(access_token)["isAuthorized"])


def _answer(answer: deployed.Answer) -> Answer:
    if answer.status >= 400:
        return Answer(answer.body["code"])
    return Answer(OK, answer.body.get("refresh_token", ""), answer.body.get("access_token", ""))


@pytest.fixture(scope="session")
def deployment(cloud: Cloud) -> Deployment:
    return deploy(ISSUER, {**STRICT, "SESSION_IDLE_SECONDS": str(IDLE)}, table_name="histories")


@pytest.fixture
def clock() -> Iterator[StoppedTime]:
    clock = StoppedTime(Time(time.time_ns() // 1_000_000))
    with clock.installed():
        yield clock


@pytest.fixture
def service(deployment: Deployment, clock: StoppedTime) -> Service:
    """The use cases beside the functions, with the keys that those have."""
    environment = deployment.functions["Refresh"].spec.environment
    config = settings.parse(refresh.Settings, environment)
    table = Table(LOCAL.dynamodb(), deployment.table_name)
    published, kms = public_keys.build(table, system_clock), cipher.build(config, LOCAL)
    access_keys = private_keys.build("access", table, kms, system_clock)
    refresh_keys = private_keys.build("refresh", table, kms, system_clock)
    return Service(
        in_dynamodb(deployment.table_name),
        clock.time,
        token_issuer.build(config, published, access_keys, refresh_keys),
        access_verifier.build(settings.parse(access_verifier.Settings, environment), published),
    )


@pytest.mark.only_in_check
def test_no_history_is_answered_otherwise_than_the_model_says(
    stack: Stack, service: Service, wire: Wire, times: int
) -> None:
    """The clock goes on from one history to the next, for the functions remember what they have read by it."""
    hold_to_the_model(lambda: Functions(stack, service, wire), examples=8 * times, steps=25, derandomize=times == 1)
