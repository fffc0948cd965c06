"""Execution environments: how long a new one takes to its first answer, and what a request costs a warm one.

Every function runs as it was built, under Lambda's runtime client, in the emulator (tests/support/emulator.py). Its
table is in dynoxide, a real engine; KMS and SQS are moto's. Kinds of environment take turns, so whatever else the
machine does, it does to all of them. CPU is that of the function's process alone. Trust the ratios to the constant
handler, and of those the ones of CPU.
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, TypeAlias

from benchmarks.engine import engine
from dev import demo
from dev.aws.cloud import LOCAL, Cloud, never_reach_aws
from dev.aws.deployment import Deployment, deploy
from dev.sam.template import ROOT, FunctionSpec
from dev.sam_local.events import EVENTS, filled, log_in, prepare
from sallyport.aws.dynamodb.table import Table
from tests.support.emulator import LAYERS, Emulator, emulated, what_is_missing
from tests.support.tokens import ISSUER

RESULTS = ROOT / "benchmarks/results.json"
HANDLERS = ROOT / "benchmarks/handlers"
PACKAGES_OF_THE_USUAL = ROOT / ".venv-bench/packages"
CONSTANT = "constant"
MODES = ("stateless", "bounded", "strict")
WARM_REQUESTS = 200

Event: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of environment: the function, and what makes an event that it answers well, however often it is asked.

    `most_cold` and `most_warm` are the budgets: how many times the CPU of a constant handler it may use.
    """

    name: str
    spec: FunctionSpec
    next_event: Callable[[], Event]
    most_cold: float | None = None
    most_warm: float | None = None
    folder: Path | None = None
    packages: tuple[Path, ...] = LAYERS

    @contextmanager
    def running(self) -> Iterator[Emulator]:
        with (
            TemporaryDirectory() as logs,
            emulated(self.spec, Path(logs) / "log", folder=self.folder, packages=self.packages) as emulator,
        ):
            yield emulator


@dataclass(frozen=True)
class Times:
    """Milliseconds of the wall, and of the function's own CPU."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, wall_seconds: float, cpu_seconds: float) -> None:
        self.wall.append(wall_seconds * 1000)
        self.cpu.append(cpu_seconds * 1000)

    def beside(self, constant: "Times") -> dict[str, float]:
        """Return the least and the median, and how many times the constant's least the least is."""
        return {
            "cpu_min_ms": round(min(self.cpu), 3),
            "cpu_median_ms": round(median(self.cpu), 3),
            "cpu_ratio": round(min(self.cpu) / min(constant.cpu), 2),
            "wall_min_ms": round(min(self.wall), 3),
            "wall_median_ms": round(median(self.wall), 3),
            "wall_ratio": round(min(self.wall) / min(constant.wall), 2),
        }


@contextmanager
def deployment() -> Iterator[Deployment]:
    """Deploy the stack on the embedded cloud, with its table in dynoxide and a demo user."""
    with engine() as url:
        cloud = Cloud()
        never_reach_aws(cloud)
        try:
            deployed = deploy(ISSUER, {"DYNAMODB_ENDPOINT_URL": url, "LOG_LEVEL": "ERROR"}, table_name="environments")
            demo.create_user(_table_of(deployed))
            yield deployed
        finally:
            cloud.close()


def kinds(deployed: Deployment) -> list[Kind]:
    """Return the kinds of environment that a user's request may meet, the constant handler first."""

    def event(name: str) -> Event:
        tokens = log_in(deployed.functions["Login"].invoke)
        prepare(name, _table_of(deployed), tokens)
        return filled(EVENTS / f"{name}.json", tokens)

    authorizer, allowed = deployed.functions["Authorizer"].spec, partial(event, "authorizer_allowed")
    found = [
        Kind(CONSTANT, authorizer, allowed, folder=HANDLERS / "constant"),
        *(
            Kind(f"authorizer, {mode}", _told(authorizer, mode), allowed, 2.5, 4 if mode == "strict" else 1.3)
            for mode in MODES
        ),
    ]
    if PACKAGES_OF_THE_USUAL.exists():
        folder, packages = HANDLERS / "usual_authorizer", (PACKAGES_OF_THE_USUAL,)
        found.append(Kind("a usual authorizer", authorizer, allowed, folder=folder, packages=packages))
    for function, (name, most) in _ASKED.items():
        found.append(Kind(function.lower(), deployed.functions[function].spec, partial(event, name), most))
    return found


_ASKED: Mapping[str, tuple[str, float | None]] = {
    "Verify": ("verify_allowed", 2.5),
    "Refresh": ("refresh_rotated", 5),
    "Logout": ("logout_ended", 5),
    "Account": ("account_described", 5),
    "Login": ("login_logged_in", 6),
    "Register": ("register_verification_sent", None),
    "Password": ("password_reset_sent", None),
    "Wellknown": ("wellknown_key_set", None),
}


def _table_of(deployed: Deployment) -> Table:
    return Table(LOCAL.dynamodb(deployed.dynamodb_endpoint_url), deployed.table_name)


def _told(spec: FunctionSpec, mode: str) -> FunctionSpec:
    return replace(spec, environment={**spec.environment, "REVOCATION_MODE": mode})


def cold_starts(found: list[Kind], rounds: int) -> dict[str, Times]:
    """Start each kind so often, and time from the start of its process to its first answer."""
    times = {kind.name: Times() for kind in found}
    for _ in range(rounds):
        for kind in found:
            event = kind.next_event()
            with kind.running() as emulator:
                times[kind.name].add(*_asked(emulator, event))
    return times


def warm_requests(found: list[Kind], rounds: int) -> dict[str, Times]:
    """Ask each kind that has a budget for it, and the constant, about one token again and again."""
    asked = [kind for kind in found if kind.most_warm is not None or kind.folder is not None]
    times = {kind.name: Times() for kind in asked}
    with ExitStack() as running:
        emulators = {kind.name: running.enter_context(kind.running()) for kind in asked}
        events = {kind.name: kind.next_event() for kind in asked}
        for name, emulator in emulators.items():
            _asked(emulator, events[name])
        for _ in range(rounds):
            for name, emulator in emulators.items():
                wall, cpu = _asked(emulator, events[name], WARM_REQUESTS)
                times[name].add(wall / WARM_REQUESTS, cpu / WARM_REQUESTS)
    return times


def _asked(emulator: Emulator, event: Event, often: int = 1) -> tuple[float, float]:
    """Return the seconds of the wall and of the function's CPU that its answers took."""
    used = emulator.cpu_seconds
    began = perf_counter()
    for _ in range(often):
        answer = emulator.invoke(event)
        assert answer.get("isAuthorized") is True or answer.get("statusCode") in (200, 202, 204), answer
    return perf_counter() - began, emulator.cpu_seconds - used


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=7)
    rounds = arguments.parse_args().rounds
    if missing := what_is_missing():
        sys.exit(missing)
    with deployment() as deployed:
        found = kinds(deployed)
        measured = {"cold": cold_starts(found, rounds), "warm": warm_requests(found, rounds)}
    budgets = {"cold": {k.name: k.most_cold for k in found}, "warm": {k.name: k.most_warm for k in found}}
    results = {
        what: {name: of.beside(times[CONSTANT]) for name, of in times.items()} for what, times in measured.items()
    }
    for what, title in (("cold", "New environment to first answer"), ("warm", "Warm, one token again and again")):
        print(f"{title} (ms)\n{'':24}{'CPU':>9}{'median':>9}{'x const.':>9}{'budget':>8}{'wall':>10}{'median':>9}")
        for name, row in results[what].items():
            budget = budgets[what][name]
            print(
                f"{name:24}{row['cpu_min_ms']:>9.2f}{row['cpu_median_ms']:>9.2f}{row['cpu_ratio']:>9.2f}"
                f"{budget or '':>8}{row['wall_min_ms']:>10.2f}{row['wall_median_ms']:>9.2f}"
            )
    machine = {"machine": platform.machine(), "system": platform.system(), "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    RESULTS.write_text(json.dumps({**machine, "rounds": rounds, **results}, indent=2) + "\n")


if __name__ == "__main__":
    main()
