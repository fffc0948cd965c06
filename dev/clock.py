"""The clock that every local handler sees, which can be moved."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import sallyport.clock

_TEN_YEARS = 10 * 366 * 86_400


class MovableTime:
    """Stands where `sallyport.clock` looks for the `time` module."""

    def __init__(self) -> None:
        self._moved_seconds = 0

    def time_ns(self) -> int:
        return time.time_ns() + self._moved_seconds * 1_000_000_000

    def advance(self, seconds: int) -> None:
        """Move the time. Raises ValueError if it would be more than ten years off."""
        if abs(self._moved_seconds + seconds) > _TEN_YEARS:
            raise ValueError("the clock can be moved by ten years at most")
        self._moved_seconds += seconds

    @contextmanager
    def installed(self) -> Iterator["MovableTime"]:
        """Make every handler of this process see this time. Nothing that is deployed can do this."""
        with patch.object(sallyport.clock, "time", self):
            yield self
