"""Which worlds are searched: every day in the tests, and deeper by `make prove`."""

from dataclasses import dataclass
from typing import Any

from tests.proof.careful import CarefulWorld, Limits
from tests.proof.patient import PatientWorld
from tests.proof.search import World
from tests.proof.table import read_then_write
from tests.proof.thief import TheftWorld


@dataclass(frozen=True, slots=True)
class Search:
    """A world, and how many moves deep it is searched (None: until there is nothing new)."""

    name: str
    world: World[Any]
    max_depth: int | None = None


def _patient(exchanges: int) -> Search:
    return Search(f"honest (a), {exchanges} exchanges at once", PatientWorld(most_exchanges=exchanges))


def _careful(exchanges: int, leeway: int, exchange: int, skew: int, *, apart: bool = False) -> Search:
    limits = Limits(leeway, exchange, skew)
    name = f"honest (b), {exchanges} exchanges at once, leeway {leeway}, life {exchange}, skew {skew}"
    if apart:
        world = CarefulWorld(limits, processing=read_then_write, most_exchanges=exchanges)
        return Search(f"{name}, read and write apart", world)
    return Search(name, CarefulWorld(limits, most_exchanges=exchanges))


def _theft(exchanges: int, max_depth: int | None = None) -> Search:
    return Search(
        f"theft, at most {exchanges} at once of the owner's exchanges", TheftWorld(most_exchanges=exchanges), max_depth
    )


HONEST = (
    _patient(3),
    _patient(4),
    _careful(3, leeway=2, exchange=1, skew=0),
    _careful(3, leeway=2, exchange=0, skew=1),
    _careful(3, leeway=3, exchange=2, skew=0),
    _careful(3, leeway=3, exchange=1, skew=1),
    _careful(3, leeway=4, exchange=2, skew=1),
    _careful(2, leeway=3, exchange=2, skew=0, apart=True),
    _careful(2, leeway=3, exchange=1, skew=1, apart=True),
)

THEFT = (_theft(1), _theft(2, max_depth=11))

DEEP = (
    _patient(3),
    _patient(8),
    _careful(3, leeway=4, exchange=2, skew=1),
    _careful(3, leeway=10, exchange=6, skew=3),
    _careful(4, leeway=5, exchange=2, skew=2),
    _careful(5, leeway=3, exchange=1, skew=1),
    _careful(2, leeway=5, exchange=2, skew=2, apart=True),
    _careful(3, leeway=3, exchange=1, skew=1, apart=True),
    _theft(1),
    _theft(2),
    _theft(3, max_depth=13),
)
