"""A deployment whose functions run as they were built, each in an emulator of its own."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from tests.support.deployed import STRICT, Stack
from tests.support.emulator import Emulator, emulated, what_is_missing
from tests.support.tokens import ISSUER


@dataclass(frozen=True)
class BuiltStack(Stack):
    """The deployment as a test uses it, with every event going to an emulator."""

    emulator_of: Callable[[str], Emulator]

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self.emulator_of(function).invoke(event)


@pytest.fixture(scope="session")
def deployment(cloud: Cloud) -> Deployment:
    missing = what_is_missing()
    if missing is not None:
        pytest.skip(missing)
    return deploy(ISSUER, STRICT, table_name="runtime")


@pytest.fixture(scope="session")
def emulator_of(
    deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Emulator]]:
    """Each function's emulator, by the function's name. It starts when it is first asked for."""
    logs = tmp_path_factory.mktemp("emulators")
    with ExitStack() as running:

        @cache
        def start(function: str) -> Emulator:
            return running.enter_context(emulated(deployment.functions[function].spec, logs / function))

        yield start


@pytest.fixture
def stack(stack: Stack, emulator_of: Callable[[str], Emulator]) -> Stack:
    return BuiltStack(**vars(stack), emulator_of=emulator_of)
