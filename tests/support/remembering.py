"""Doing once in a run what hundreds of tests would do again: reading a template, say."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes a value once for arguments that look the same, and a copy of it each time.

    Only the first two arguments count.
    """
    known: dict[str, Any] = {}

    def call(*arguments: Any) -> Any:
        key = repr(arguments[:2])
        if key not in known:
            known[key] = function(*arguments)
        return deepcopy(known[key])

    return call
