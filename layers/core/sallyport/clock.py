"""The time, as an argument."""

import time
from collections.abc import Callable
from typing import TypeAlias

Clock: TypeAlias = Callable[[], int]
"""Answers the wall-clock time in milliseconds since the epoch."""


def system_clock() -> int:
    """Say what time it is. Wall-clock on purpose: a monotonic clock may stand still while Lambda freezes us."""
    return time.time_ns() // 1_000_000
