"""Execution environments on a deployment: functions as they were built, and others beside them.

Every function runs under Lambda's runtime client, in the emulator (tests/support/emulator.py). Its table is in
dynoxide, a real engine; KMS and SQS are moto's. CPU is that of the function's process alone.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, TypeAlias

from benchmarks.engine import engine
from benchmarks.measured import Times
from dev import demo
from dev.aws.cloud import LOCAL, Cloud, never_reach_aws
from dev.aws.deployment import Deployment, deploy
from dev.sam.template import ROOT, FunctionSpec
from dev.sam_local.events import EVENTS, Event, Tokens, filled, log_in, prepare
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.kms import KmsCipher
from sallyport.clock import system_clock
from sallyport.identifiers import new_id
from sallyport.keys.signing import SigningKey
from sallyport.tokens.access import AccessToken, sign
from sallyport.wiring.parts import private_keys
from tests.support.builders import a_user, an_audit
from tests.support.emulator import LAYERS, Emulator, FunctionFailed, emulated
from tests.support.stores import in_table
from tests.support.tokens import ISSUER, unverified_claims

HANDLERS = ROOT / "benchmarks/handlers"
OF_THE_USUAL = (ROOT / ".venv-bench/packages",)
OF_PEERS = (ROOT / ".venv-bench/peers",)
MODES = ("stateless", "bounded", "strict")

_TRIES = 5

_IMPORTED = re.compile(r"^imported: ([\d.e-]+)$", re.MULTILINE)

Packages: TypeAlias = tuple[Path, ...]


@dataclass(frozen=True)
class Kind:
    """A kind of environment: the function that was built, or the one in `folder`, and where it imports from."""

    spec: FunctionSpec
    folder: Path | None = None
    packages: Packages = LAYERS

    @contextmanager
    def running(self, *, timed: bool = False) -> Iterator[Emulator]:
        """Run one. If it is `timed`, `cpu_of_import` can tell what its import took."""
        packages = (*self.packages, HANDLERS / "timed") if timed else self.packages
        handler = f"{'timed' if timed else 'app'}.lambda_handler"
        with (
            TemporaryDirectory() as logs,
            emulated(self.spec, Path(logs) / "log", folder=self.folder, packages=packages, handler=handler) as emulator,
        ):
            yield emulator

    def told(self, **settings: str) -> "Kind":
        return replace(self, spec=replace(self.spec, environment={**self.spec.environment, **settings}))


def cpu_of_import(emulator: Emulator) -> float:
    """Return the seconds of CPU in which a timed environment imported its function."""
    (seconds,) = _IMPORTED.findall(emulator.log.read_text())
    return float(seconds)


class Place:
    """A deployment on the engine, with a demo user."""

    def __init__(self, deployed: Deployment) -> None:
        self.deployed = deployed
        self.table = Table(LOCAL.dynamodb(deployed.dynamodb_endpoint_url), deployed.table_name)
        demo.create_user(self.table)

    def ours(self, function: str, **settings: str) -> Kind:
        """Return a function as it was built."""
        return Kind(self.deployed.functions[function].spec).told(**settings)

    def other(self, handler: str, packages: Packages = LAYERS, **settings: str) -> Kind:
        """Return one of benchmarks/handlers, with the settings of our authorizer or login."""
        spec = self.deployed.functions["Login" if handler.endswith("login") else "Authorizer"].spec
        return Kind(spec, HANDLERS / handler, packages).told(**settings)

    def log_in(self) -> Tokens:
        return log_in(self.deployed.functions["Login"].invoke)

    def event(self, name: str) -> Event:
        """Return an event of events/, which leads to what its name says, for a new session."""
        tokens = self.log_in()
        prepare(name, self.table, tokens)
        return filled(EVENTS / f"{name}.json", tokens)

    def new_login(self) -> Event:
        """Make a user, and return the event of their first login, from a network where nobody else logs in."""
        user = a_user()
        assert in_table(self.table).accounts.create(user, self._password_hash, an_audit(user))
        event: Event = json.loads((EVENTS / "login_logged_in.json").read_text().replace(demo.EMAIL, user.email))
        event["requestContext"]["http"]["sourceIp"] = f"2001:db8:{token_hex(2)}:{token_hex(2)}::1"
        return event

    def keys(self) -> dict[str, Any]:
        """Return the published keys, as `jwks.json` has them."""
        return {"keys": [item["jwk"] for item in self.table.partition("JWKS") if "jwk" in item]}

    def new_tokens(self, count: int) -> list[str]:
        """Sign access tokens that nobody has seen, of one session. Its user has no other, which would end it."""
        answer = self.deployed.functions["Login"].invoke(self.new_login())
        claims = unverified_claims(json.loads(answer["body"])["access_token"])
        return [sign(AccessToken(**{**claims, "jti": new_id()}), self._access_key) for _ in range(count)]

    @cached_property
    def _password_hash(self) -> str:
        return Passwords().hash(normal(demo.PASSWORD))

    @cached_property
    def _access_key(self) -> SigningKey:
        cipher = KmsCipher(LOCAL.kms(), self.deployed.functions["Login"].spec.environment["KMS_KEY_ID"])
        return private_keys.build("access", self.table, cipher, system_clock).active()


def about(token: str) -> Event:
    """Return the event with which API Gateway asks the authorizer about a token."""
    return filled(EVENTS / "authorizer_allowed.json", {"ACCESS_TOKEN": token})


@contextmanager
def embedded_cloud() -> Iterator[None]:
    """Point all clients of this process, and of the functions that it starts, at KMS and SQS of moto."""
    cloud = Cloud()
    never_reach_aws(cloud)
    try:
        yield
    finally:
        cloud.close()


def deployed_on(url: str, table_name: str) -> Place:
    """Deploy the stack with its table in the engine at `url`."""
    return Place(deploy(ISSUER, {"DYNAMODB_ENDPOINT_URL": url, "LOG_LEVEL": "ERROR"}, table_name=table_name))


@contextmanager
def place() -> Iterator[Place]:
    with engine() as url, embedded_cloud():
        yield deployed_on(url, "environments")


def asked(emulator: Emulator, events: Iterable[Event]) -> list[Any]:
    """Ask about one event after another. Every answer must be a good one."""
    answers = [emulator.invoke(event) for event in events]
    for answer in answers:
        assert answer.get("isAuthorized") is True or answer.get("statusCode") in (200, 202, 204), answer
    return answers


def make_ready(emulator: Emulator, event: Event) -> None:
    """Let an environment read the keys and the revocations that it lacks, before it is measured.

    It waits for a call as briefly as on Lambda. Where the machine is busy, it may need another try.
    """
    for _ in range(_TRIES):
        with suppress(FunctionFailed, AssertionError):
            asked(emulator, [event])
            return
    asked(emulator, [event])


def time(times: Times, emulator: Emulator, events: list[Event]) -> list[Any]:
    """Note what an environment uses for each of the events, on average. Returns its answers."""
    used, began = emulator.cpu_seconds, perf_counter()
    answers = asked(emulator, events)
    times.wall.append((perf_counter() - began) * 1000 / len(events))
    times.cpu.append((emulator.cpu_seconds - used) * 1000 / len(events))
    return answers
