"""What docs/costs.md says that requests cost in DynamoDB's units, counted on a real engine."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks import dollars
from benchmarks.dollars import Operation
from dev.aws.deployment import deploy
from dev.aws.recorded import RecordingClients
from dev.outbox import Outbox
from dev.sam.template import ROOT
from sallyport.accounts.user import User
from sallyport.aws.calls import CallRefused, Calls, Parameters
from sallyport.aws.clients import Clients
from sallyport.clock import system_clock
from sallyport.identifiers import new_id
from tests.support.deployed import PASSWORD, STRICT, Answer, Stack, open_stack
from tests.support.stopped_time import MovableTime
from tests.support.tokens import ISSUER

pytestmark = pytest.mark.only_in_check

PAGE = (ROOT / "docs/costs.md").read_text()
READS = {"BatchGetItem", "Query"}
NEW_PASSWORD = "wrong horse battery staple"


@dataclass
class Meter:
    """Units since the last look, read and written, of all functions."""

    read: float = 0
    written: float = 0
    calls: int = 0
    refused: int = 0  # the engine does not say what a write costs whose condition fails

    def count(self, operation: str, parsed: Parameters) -> None:
        consumed = parsed.get("ConsumedCapacity", [])  # of each table, where a call can be about several
        units = sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        if operation in READS:
            self.read += units
        else:
            self.written += units

    def look(self) -> tuple[float, float]:
        seen = self.read, self.written
        self.read = self.written = self.calls = self.refused = 0
        return seen


@dataclass(frozen=True)
class Metered:
    """Calls that are counted. Implements Calls."""

    calls: Calls
    meter: Meter

    def call(self, operation: str, request: Parameters) -> Parameters:
        self.meter.calls += 1
        try:
            answer = self.calls.call(operation, {**request, "ReturnConsumedCapacity": "TOTAL"})
        except CallRefused:
            self.meter.refused += 1
            raise
        self.meter.count(operation, answer)
        return answer


@dataclass(frozen=True, kw_only=True)
class MeteredClients(RecordingClients):
    """Clients whose calls to DynamoDB are counted."""

    meter: Meter = field(default_factory=Meter)

    def dynamodb(self, endpoint_url: str | None = None, *, seldom_writes: bool = False) -> Calls:
        return Metered(Clients.dynamodb(self, endpoint_url, seldom_writes=seldom_writes), self.meter)


@dataclass(frozen=True)
class Counted:
    """A stack on the engine, and what it uses."""

    stack: Stack
    meter: Meter


@pytest.fixture(scope="module")
def on_the_engine(dynoxide_url: str) -> Callable[[MovableTime], Counted]:
    outbox, meter = Outbox(kept=1000), Meter()
    clients = MeteredClients(outbox=outbox, clock=system_clock, meter=meter)
    settings = {**STRICT, "DYNAMODB_ENDPOINT_URL": dynoxide_url}
    deployment = deploy(ISSUER, settings, table_name=f"costs-{new_id()}", clients=clients)
    return lambda clock: Counted(open_stack(deployment, clock, outbox), meter)


@pytest.fixture
def counted(on_the_engine: Callable[[MovableTime], Counted], clock: MovableTime) -> Counted:
    return on_the_engine(clock)


def told(row: str) -> tuple[float, float, float]:
    """Return what a row of the page says: units read, units written, dollars for a million."""
    (found,) = re.findall(rf"^\| {re.escape(row)} \| ([\d.]+) \| ([\d.]+) \| \$([\d.]+) \|", PAGE, re.MULTILINE)
    read, written, dollars = map(float, found)
    return read, written, dollars


def test_requests_read_and_write_what_the_page_says(counted: Counted, clock: MovableTime) -> None:
    """Each of a warm function, whose keys were read within the minute, for a user and an address that owe nothing."""
    stack, meter = counted.stack, counted.meter
    used: dict[str, tuple[float, float]] = {}
    calls: dict[str, int] = {}

    def use(row: str, act: Callable[[], Answer | None]) -> dict[str, Any]:
        clock.advance(2)
        meter.look()
        answer = act()
        assert meter.refused == 0, row
        calls[row] = meter.calls
        used[row] = meter.look()
        return dict(answer.body) if answer else {}

    other, user = stack.new_user(), stack.new_user()
    others = stack.log_in(other).body
    tokens = use("login", lambda: stack.log_in(user))
    stack.authorize(others["access_token"])
    use("authorization, `strict`", lambda: allows(stack, tokens["access_token"]))
    stack.refresh(others["refresh_token"])
    use("refresh, `converged`", lambda: stack.refresh(tokens["refresh_token"]))
    clock.advance(61)
    stack.refresh(others["refresh_token"])
    tokens = use("refresh, `rotated`", lambda: stack.refresh(tokens["refresh_token"]))
    stack.log_out(refresh_token=others["refresh_token"])
    use("logout", lambda: stack.log_out(refresh_token=tokens["refresh_token"]))
    stack.log_in(other)
    use("login, wrong password", lambda: stack.log_in(user, "not the one it is, at all"))
    sign_up(stack, ip="203.0.113.7")
    use("registration, with mail and proof", lambda: sign_up(stack, ip="203.0.113.8"))
    change_password(stack, other, stack.log_in(other).body)
    changing = stack.log_in(user).body
    use("password change", lambda: change_password(stack, user, changing))

    assert {row: told(row)[:2] for row in used} == used
    assert {row: priced.calls for row, priced in PRICED.items()} == {row: calls[row] for row in PRICED}
    for row, (read, written) in used.items():
        in_dynamodb = dollars.in_dynamodb(Operation(read=read, written=written))
        assert told(row)[2] == pytest.approx(in_dynamodb, abs=0.0051), row


PRICED = {
    "authorization, `strict`": dollars.STRICT_AUTHORIZATION,
    "login": dollars.LOGIN,
    "refresh, `rotated`": dollars.REFRESH,
    "logout": dollars.LOGOUT,
}


def allows(stack: Stack, access_token: str) -> None:
    assert stack.authorize(access_token)["isAuthorized"]


def sign_up(stack: Stack, *, ip: str) -> Answer:
    email = f"a{new_id().lower().strip('-_')}@example.com"
    assert stack.post("/auth/register", {"email": email}, ip=ip).status == 202
    (mail,) = stack.mails_to(email)
    found = re.search(r"token=([\w.-]+)", mail["text"])
    assert found is not None
    answer = stack.post("/auth/verify-email", {"token": found[1], "password": NEW_PASSWORD}, ip=ip)
    assert answer.status == 200
    return answer


def change_password(stack: Stack, user: User, session: dict[str, Any]) -> Answer:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    answer = stack.post("/auth/password/change", body, access_token=session["access_token"])
    assert answer.status == 200, user.user_id
    return answer
