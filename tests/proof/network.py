"""What is under way between a client and the service, and what a network does to it."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

NOT_YET = -1
"""The answer of a request that is not processed yet."""


class UnderWay(Protocol):
    """A request under way, or its answer."""

    @property
    def sent(self) -> int: ...

    @property
    def answer(self) -> int: ...


E = TypeVar("E", bound=UnderWay)


def distinct(exchanges: Iterable[E]) -> Iterable[E]:
    """Look at one of those that are alike: exchanges have no names, and whatever happens to one can happen to each."""
    return dict.fromkeys(exchanges)


def without(exchange: E, exchanges: Iterable[E]) -> list[E]:
    others = list(exchanges)
    others.remove(exchange)
    return others


def mishaps(exchanges: tuple[E, ...], most: int) -> Iterator[tuple[str, list[E]]]:
    """Lose or duplicate a request or an answer. A copy is as old as the original and counts among `most`.

    Late and out of order need no moves of their own: nothing says when, or in which order, the others are made.
    """
    for exchange in distinct(exchanges):
        what = f"the request with {exchange.sent}" if exchange.answer == NOT_YET else f"the answer {exchange.answer}"
        yield f"{what} is lost", without(exchange, exchanges)
        if len(exchanges) < most:
            yield f"{what} is duplicated", [*exchanges, exchange]


def held(stored: int, exchanges: Iterable[UnderWay]) -> set[int]:
    """List the tokens that a client stores, and those on their way from it or to it."""
    return {stored}.union(*((exchange.sent, exchange.answer) for exchange in exchanges)) - {NOT_YET}
