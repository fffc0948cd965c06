"""Whether the time of an answer tells which addresses have an account (docs/accounts.md, "Who has an account").

The deployed functions run in this process, on dynoxide, a real DynamoDB engine. Requests about every kind of address
take turns in random order, each about an address of its own, from a network of its own. So whatever else the machine
does, it does to all of them.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from math import sqrt
from random import Random
from secrets import token_hex
from statistics import median
from time import perf_counter, process_time
from typing import TypeAlias
from unittest.mock import patch

import pytest

from benchmarks.engine import engine
from dev import decoys
from dev.aws.cloud import LOCAL, Cloud, never_reach_aws
from dev.aws.deployment import Deployment, deploy
from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.hashing import CURRENT, Parameters, Passwords
from sallyport.accounts.password import normal
from sallyport.accounts.user import User, new_user
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.user_items import credential_key
from tests.support.builders import an_audit
from tests.support.deployed import sample
from tests.support.stores import in_table
from tests.support.tokens import ISSUER

FULL = 1000
"""Samples of each kind of address that a verdict needs."""

WARM_UP = 30

MOST_AUC = 0.55
MOST_MS = 5.0

LAST = Parameters(memory_kib=12_288, time_cost=3)
"""Of OWASP's parameters the next ones: those of a release before, in the study of an upgrade."""

PASSWORD, WRONG = "correct horse battery staple", "wrong horse battery staple"

Addresses: TypeAlias = Callable[[], str]


@dataclass(frozen=True)
class Times:
    """What answers took, in milliseconds: of the wall, and of this process's CPU (the engine is another process)."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Study:
    """Requests to one endpoint, about addresses of several kinds. The first kind has no account."""

    name: str
    path: str
    function: LocalFunction
    kinds: Mapping[str, Addresses]
    more: Mapping[str, str] = field(default_factory=dict)

    def run(self, samples: int, random: Random) -> dict[str, Times]:
        times = {kind: Times() for kind in self.kinds}
        for number in range(-WARM_UP, samples):
            turns = list(self.kinds)
            random.shuffle(turns)
            for kind in turns:
                wall, cpu = self._ask(self.kinds[kind](), random)
                if number >= 0:
                    times[kind].wall.append(wall)
                    times[kind].cpu.append(cpu)
        return times

    def _ask(self, email: str, random: Random) -> tuple[float, float]:
        event = sample("logout_ended", body={"email": email, **self.more})
        event["routeKey"] = f"POST {self.path}"
        event["rawPath"] = event["requestContext"]["http"]["path"] = self.path
        network = f"2001:db8:{random.getrandbits(16):x}:{random.getrandbits(16):x}"
        event["requestContext"]["http"]["sourceIp"] = f"{network}::1"
        cpu, began = process_time(), perf_counter()
        answer = self.function.invoke(event)
        took = perf_counter() - began, process_time() - cpu
        assert answer["statusCode"] in {202, 401}, answer
        return took[0] * 1000, took[1] * 1000


@dataclass(frozen=True)
class Told:
    """How well time tells two kinds apart: by medians, and by the best that any threshold does.

    `auc` is the probability that a classifier by threshold ranks one of `other` above one of `base`: at 0.5 it guesses.
    `low` and `high` are its interval of 95 % (Hanley and McNeil 1982).
    """

    difference_ms: float
    auc: float
    low: float
    high: float
    samples: int

    def __str__(self) -> str:
        return f"{self.difference_ms:+8.3f} ms  AUC {self.auc:.3f} [{self.low:.3f}, {self.high:.3f}]"

    @property
    def is_told(self) -> bool:
        """Whether the kinds are told apart. Of few samples only if chance is no explanation."""
        if abs(self.difference_ms) > MOST_MS and not self.low <= 0.5 <= self.high:
            return True
        low, high = (self.auc, self.auc) if self.samples >= FULL else (self.low, self.high)
        return low > MOST_AUC or high < 1 - MOST_AUC


def told(base: Sequence[float], other: Sequence[float]) -> Told:
    """Compare what two kinds took."""
    m, n = len(base), len(other)
    auc = _probability_of_being_above(base, other)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)) / (m * n)
    margin = 1.96 * sqrt(variance)
    return Told(median(other) - median(base), auc, auc - margin, auc + margin, min(m, n))


def _probability_of_being_above(base: Sequence[float], other: Sequence[float]) -> float:
    """Return how often one of `other` is above one of `base`, half a time for each tie (Mann and Whitney)."""
    ranked = sorted([(value, 0) for value in base] + [(value, 1) for value in other])
    above, below = 0.0, 0
    for _, group in groupby(ranked, key=lambda each: each[0]):
        equal = [is_other for _, is_other in group]
        others = sum(equal)
        bases = len(equal) - others
        above += others * (below + bases / 2)
        below += bases
    return above / (len(base) * len(other))


def an_address() -> str:
    """Return an address that nobody has, as long as every other one here."""
    return f"{token_hex(8)}@example.com"


class Town:
    """The people of a deployment, with accounts of every kind, `count` of each."""

    def __init__(self, deployment: Deployment, count: int) -> None:
        self._table = Table(LOCAL.dynamodb(deployment.dynamodb_endpoint_url), deployment.table_name)
        self._accounts = in_table(self._table).accounts
        self._count = count
        decoys.make(self._table)

    def people(self, *, parameters: Parameters = CURRENT, **changes: str) -> Addresses:
        """Make people who are alike. Returns whom to ask for next."""
        password_hash = Passwords(parameters).hash(normal(PASSWORD))
        made = [self._person(password_hash, **changes).email for _ in range(self._count)]
        return iter(made).__next__

    def people_without_a_password(self) -> Addresses:
        made = []
        for _ in range(self._count):
            user = self._person("")
            pk, sk = credential_key(user.user_id)
            self._table.put({"PK": pk, "SK": sk})
            made.append(user.email)
        return iter(made).__next__

    def _person(self, password_hash: str, **changes: str) -> User:
        user = replace(new_user(an_address(), is_verified=True, now=1_800_000_000), **changes)  # type: ignore[arg-type]
        assert self._accounts.create(user, password_hash, an_audit(user))
        return user


def studies(deployment: Deployment, samples: int) -> Iterator[Study]:
    """Return every study, with people of its own: an address that was asked about before is throttled."""
    town, functions = Town(deployment, samples + WARM_UP), deployment.functions
    yield Study(
        "login",
        "/auth/login",
        functions["Login"],
        {
            "no account": an_address,
            "wrong password": town.people(),
            "disabled": town.people(status="disabled"),
            "no password": town.people_without_a_password(),
        },
        {"password": WRONG},
    )
    with patch("sallyport.wiring.login.Passwords", partial(Passwords, CURRENT, LAST)):
        upgraded = LocalFunction(functions["Login"].spec)
    yield Study(
        "login after an upgrade",
        "/auth/login",
        upgraded,
        {
            "no account": an_address,
            "wrong password": town.people(),
            "hash of the last release": town.people(parameters=LAST),
        },
        {"password": WRONG},
    )
    for name, path, function in (
        ("register", "/auth/register", "Register"),
        ("forgot", "/auth/password/forgot", "Password"),
    ):
        kinds = {"no account": an_address, "account": town.people(), "disabled": town.people(status="disabled")}
        yield Study(name, path, functions[function], kinds)


def report(times: Mapping[str, Times]) -> Iterator[tuple[str, bool]]:
    """Compare every kind with the first. Yields a line about each, and whether it was told apart."""
    (base, taken), *others = times.items()
    yield f"  {base:<26}{median(taken.wall):8.2f} ms, CPU {median(taken.cpu):.2f} ms", False
    for kind, other in others:
        wall, cpu = told(taken.wall, other.wall), told(taken.cpu, other.cpu)
        verdict = "   TOLD APART" if wall.is_told else ""
        yield f"  {kind:<26}{wall}   CPU {cpu}{verdict}", wall.is_told


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser("python -m benchmarks.enumeration", description=__doc__)
    parser.add_argument("--samples", type=int, default=FULL, help=f"of each kind of address; {FULL} for a verdict")
    parser.add_argument("--only", default="", help="the study of this name")
    asked = parser.parse_args(arguments)
    try:
        with engine() as url:
            return _study(url, asked.samples, asked.only)
    except pytest.skip.Exception as reason:
        print(f"Nothing was measured: {reason}")
        return 0


def _study(url: str, samples: int, only: str) -> int:
    cloud = Cloud()
    never_reach_aws(cloud)
    settings = {"DYNAMODB_ENDPOINT_URL": url, "LOG_LEVEL": "ERROR"}
    is_told = False
    try:
        deployment = deploy(ISSUER, settings, table_name="enumeration")
        print(f"{samples} samples of each kind. Not told apart: AUC 0.45 to 0.55, medians within {MOST_MS:.0f} ms.")
        for study in studies(deployment, samples):
            if only not in ("", study.name):
                continue
            print(f"{study.name}:")
            for line, is_apart in report(study.run(samples, Random())):  # noqa: S311  # of addresses and turns
                print(line, flush=True)
                is_told = is_told or is_apart
    finally:
        cloud.close()
    return 1 if is_told else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
