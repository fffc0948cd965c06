"""The edge of every handler: what the log says of a failure, and never a text that may hold a secret."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sallyport.errors import SallyportError

FRAMES = 20
"""How many places of a crash are named, the innermost ones: an endless recursion has a thousand."""


class FunctionFailed(Exception):
    """A function has failed by an error that is not ours. Says what the log says of it."""


def reason_of(error: Exception) -> str:
    """Return what the log says of an error: its reason if it is one of ours, else its type and where it came from."""
    return error.reason if isinstance(error, SallyportError) else _crash_site(error)


def _crash_site(error: Exception) -> str:
    innermost = traceback.extract_tb(error.__traceback__, limit=-FRAMES)
    frames = [f"{frame.name}:{frame.lineno}" for frame in innermost]
    return f"{type(error).__name__} in {' > '.join(frames)}"


@contextmanager
def reported(failed: Callable[[str], None]) -> Iterator[None]:
    """Report whatever the block raises, and raise it: an error of ours as it is, FunctionFailed for any other.

    Lambda prints the text of what a function raises. That of another error may hold a secret, and so may a cause.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001  # the edge
        reason = reason_of(error)
        failed(reason)
        shown = error if isinstance(error, SallyportError) else FunctionFailed(reason)
        raise shown from None
