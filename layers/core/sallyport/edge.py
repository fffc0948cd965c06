"""The edge of every handler: what the log says of a failure, and never a text that may hold a secret."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sallyport.errors import SallyportError


def reason_of(error: Exception) -> str:
    """Return what the log says of an error: its reason if it is one of ours, else its type and where it came from."""
    return error.reason if isinstance(error, SallyportError) else _crash_site(error)


def _crash_site(error: Exception) -> str:
    frames = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__} in {' > '.join(frames)}"


@contextmanager
def reported(failed: Callable[[str], None]) -> Iterator[None]:
    """Report whatever the block raises, and let it out."""
    try:
        yield
    except Exception as error:
        failed(reason_of(error))
        raise
