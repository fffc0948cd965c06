"""The time, as an argument."""

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Returns the wall-clock time in milliseconds since the epoch."""


def system_clock() -> int:
    """Return the wall-clock time. A monotonic clock may stand still while Lambda freezes the execution environment."""
    return time.time_ns() // 1_000_000
