"""What the searches leave out makes no difference: each world's reduction against the world without it."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, TypeVar

import pytest

from tests.proof.careful import CarefulWorld
from tests.proof.patient import PatientWorld
from tests.proof.search import Move, World, explore
from tests.proof.table import read_then_write
from tests.proof.thief import TheftWorld

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True)
class Unreduced(Generic[S]):
    """A world in which every state stands for itself alone."""

    world: World[S]

    def start(self) -> S:
        return self.world.start()

    def moves(self, state: S) -> Iterator[Move[S]]:
        return self.world.moves(state)

    def reduced(self, state: S) -> S:
        return state


def future(world: World[S], state: S) -> set[tuple[S, str, int | None]]:
    """Tell the states that one leads to, reduced, with what is gained and what breaks on the way."""
    return {
        (world.reduced(move.state), move.gain, move.breach and move.breach.invariant) for move in world.moves(state)
    }


DEPTHS: list[tuple[World[Any], int]] = [
    (PatientWorld(most_exchanges=3), 11),
    (PatientWorld(most_exchanges=3, waits=False), 9),
    (CarefulWorld(most_exchanges=3), 10),
    (CarefulWorld(processing=read_then_write, most_exchanges=2), 12),
    (TheftWorld(most_exchanges=1), 9),
    (TheftWorld(most_exchanges=2), 8),
]


@pytest.mark.parametrize(("world", "depth"), DEPTHS)
def test_nothing_is_missed_that_a_search_without_reduction_finds(world: World[Any], depth: int) -> None:
    anything: frozenset[int] = frozenset()
    _, real = explore(Unreduced(world), invariants=anything, max_depth=depth)
    _, reduced = explore(world, invariants=anything, max_depth=depth)

    assert {world.reduced(state) for state in real} == set(reduced)
    assert len(real) > len(reduced)


@pytest.mark.only_in_check
@pytest.mark.parametrize("world", [world for world, _ in DEPTHS])
def test_a_state_and_its_reduction_have_the_same_future_however_far_from_the_start(world: World[Any]) -> None:
    random = Random(1)
    for _ in range(20):
        state = world.start()
        for _ in range(60):
            assert future(world, state) == future(world, world.reduced(state))
            state = random.choice([move.state for move in world.moves(state) if can_go_on(world, move.state)])


def can_go_on(world: World[S], state: S) -> bool:
    return next(world.moves(state), None) is not None
