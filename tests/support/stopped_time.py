"""Clocks that tests move: one that runs, and one that stands still however slow the machine is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import sallyport.clock
from tests.support.builders import NOW, SECOND


class MovableTime:
    """Stands where `sallyport.clock` looks for the `time` module, so that functions and command see the same time."""

    def __init__(self) -> None:
        self._moved_seconds = 0

    def time_ns(self) -> int:
        return time.time_ns() + self._moved_seconds * 1_000_000_000

    def advance(self, seconds: int) -> None:
        self._moved_seconds += seconds

    @contextmanager
    def installed(self) -> Iterator["MovableTime"]:
        with patch.object(sallyport.clock, "time", self):
            yield self


@dataclass
class Time:
    """A clock that stands still until it is moved."""

    now_ms: int = NOW * SECOND

    def __call__(self) -> int:
        return self.now_ms

    @property
    def now(self) -> int:
        return self.now_ms // SECOND

    def advance(self, seconds: int) -> None:
        self.now_ms += seconds * SECOND


class StoppedTime(MovableTime):
    """Makes the functions see a time that stands still."""

    def __init__(self, time: Time) -> None:
        super().__init__()
        self.time = time

    def time_ns(self) -> int:
        return self.time.now_ms * 1_000_000

    def advance(self, seconds: int) -> None:
        self.time.advance(seconds)
