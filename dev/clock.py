"""The clock that every local handler sees, which can be moved."""

import time

import sallyport.clock


class MovableTime:
    """Stands where `sallyport.clock` looks for the `time` module."""

    def __init__(self) -> None:
        self._moved_seconds = 0

    def time_ns(self) -> int:
        return time.time_ns() + self._moved_seconds * 1_000_000_000

    def advance(self, seconds: int) -> None:
        self._moved_seconds += seconds

    def install(self) -> None:
        """Make every handler of this process see this time. Nothing in the deployed code can do this."""
        setattr(sallyport.clock, "time", self)  # noqa: B010  # a name that mypy takes for the module
