"""The clock that every local handler is given. It can be moved."""

from sallyport.clock import system_clock

_TEN_YEARS = 10 * 366 * 86_400


class MovableClock:
    """Implements Clock: this machine's time, moved by some seconds."""

    def __init__(self) -> None:
        self._moved_seconds = 0

    def __call__(self) -> int:
        return system_clock() + self._moved_seconds * 1000

    def advance(self, seconds: int) -> None:
        """Move the time. Raises ValueError if it would be more than ten years off."""
        if abs(self._moved_seconds + seconds) > _TEN_YEARS:
            raise ValueError("the clock can be moved by ten years at most")
        self._moved_seconds += seconds
