"""A clock for tests that are exact to the millisecond: however slow the machine, it stands until it is moved."""

from dataclasses import dataclass

from dev.clock import MovableTime
from tests.support.builders import NOW, SECOND


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
