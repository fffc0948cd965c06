"""Doing once in a run what hundreds of tests would do again: reading a template, say."""

import pickle
from collections.abc import Callable
from typing import Any


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that computes a value once for arguments that look the same, and a copy of it each time.

    Only the first two arguments count. A copy comes out of pickle, several times sooner than out of deepcopy.
    """
    known: dict[str, bytes] = {}

    def call(*arguments: Any) -> Any:
        key = repr(arguments[:2])
        if key not in known:
            known[key] = pickle.dumps(function(*arguments))
        return pickle.loads(known[key])

    return call
