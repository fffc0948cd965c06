"""A clock for tests that are exact to the second: however slow the machine, it stands until it is moved."""

from dev.clock import MovableTime

_SECOND_NS = 1_000_000_000


class StoppedTime(MovableTime):
    """Stands at the whole second `at`."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at_ns = at * _SECOND_NS

    def time_ns(self) -> int:
        return self._at_ns

    def advance(self, seconds: int) -> None:
        self._at_ns += seconds * _SECOND_NS
