"""The account calls, under a clock that stands still, with the hashes that they compute counted."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from argon2 import PasswordHasher

from tests.attacks.accounts.visitor import Visitor, waiting
from tests.support.builders import SECOND
from tests.support.deployed import Stack
from tests.support.stopped_time import MovableTime, StoppedTime, Time


@pytest.fixture
def clock() -> Iterator[MovableTime]:
    """It stands, so that the last second of a link or of a bucket can be told from the next one."""
    with StoppedTime(Time(int(time.time() + 1) * SECOND)).installed() as clock:
        yield clock


@pytest.fixture
def visitor(stack: Stack) -> Visitor:
    """Somebody whom Sallyport does not know."""
    return Visitor(stack)


@pytest.fixture(autouse=True)
def _nothing_waits(stack: Stack) -> None:
    """A test finds no message of another."""
    waiting(stack)


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every Argon2 computation of the functions: "hash" for a new one, "verify" for a comparison."""
    made: list[str] = []
    for name in ("hash", "verify"):
        monkeypatch.setattr(PasswordHasher, name, _noted(made, name, getattr(PasswordHasher, name)))
    return made


def _noted(made: list[str], name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def computed(*arguments: object) -> object:
        made.append(name)
        return real(*arguments)

    return computed
