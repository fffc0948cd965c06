"""Calls to AWS: the one way in which the stores, the cipher and the mail queue make them, and what their failures mean.

by_botocore.py and signed/ make calls. clients.py says which of the two makes which.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from sallyport.errors import CallFailed, Unavailable

Parameters: TypeAlias = Mapping[str, Any]
"""What an operation takes or returns, in the words of its API. Binary values are `bytes`."""


class Calls(Protocol):
    """Makes calls to one service of AWS."""

    def call(self, operation: str, request: Parameters) -> Parameters:
        """Make a call and return what was answered.

        Raises CallRefused for an error of AWS, AccessDenied if it is that, CallFailed if AWS was not reached, and
        Unavailable for an answer that nobody understands.
        """
        ...


class CallRefused(CallFailed):
    """AWS refuses a call. `answer` is all that it said, for those who expect this refusal. It may hold an item."""

    def __init__(self, operation: str, word: str, answer: Parameters) -> None:
        self.answer = answer
        super().__init__(operation, word)


class EachByItsOwn:
    """Makes `reads` by one client and every other call by another, which is made only when it is needed."""

    def __init__(self, reads: Collection[str], by: Callable[[], Calls], others_by: Callable[[], Calls]) -> None:
        self._reads = reads
        self._by = by
        self._others_by = others_by

    def call(self, operation: str, request: Parameters) -> Parameters:
        make = self._by if operation in self._reads else self._others_by
        return make().call(operation, request)


@contextmanager
def understood() -> Iterator[None]:
    """Read an answer of AWS in this block. Raises Unavailable if it lacks a member or has another form."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise Unavailable(f"malformed response: {type(error).__name__}") from error
