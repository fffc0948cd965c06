"""Breadth-first search of everything that can happen in a small world, and the shortest way to break it."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

S = TypeVar("S", bound=Hashable)

EVERY_INVARIANT = frozenset({1, 2, 3})


class Breach(NamedTuple):
    """An invariant of docs/refresh.md that does not hold."""

    invariant: int
    words: str


class Move(NamedTuple, Generic[S]):
    """One thing that can happen next: in words, where it leads, what it breaks, who gains by it."""

    words: str
    state: S
    breach: Breach | None = None
    gain: str = ""


class World(Protocol[S]):
    """What can happen, told by its first state and by the moves from each."""

    def start(self) -> S: ...

    def moves(self, state: S) -> Iterator[Move[S]]: ...

    def reduced(self, state: S) -> S:
        """Name one state for all that behave alike. Everything that can happen to one can happen to the others."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """What a search saw. `closed`: there is nothing further, at any depth."""

    depth: int
    states: int
    transitions: int
    closed: bool
    counterexample: tuple[str, ...] | None


def explore(
    world: World[S], *, invariants: frozenset[int] = EVERY_INVARIANT, max_depth: int | None = None
) -> tuple[Report, dict[S, S | None]]:
    """Visit every state within `max_depth` moves (None: all there are), nearest first, until an invariant breaks.

    Answers the report, and each visited state with the one that it was first reached from. Nearest first: so a
    counterexample is a shortest one.
    """
    start = world.reduced(world.start())
    came_from: dict[S, S | None] = {start: None}
    layer, depth, transitions = [start], 0, 0
    while layer and depth != max_depth:
        depth += 1
        found: list[S] = []
        for state in layer:
            for move in world.moves(state):
                transitions += 1
                if move.breach is not None and move.breach.invariant in invariants:
                    story = _broken(world, path_to(state, came_from), invariants)
                    return Report(depth, len(came_from), transitions, closed=False, counterexample=story), came_from
                following = world.reduced(move.state)
                if following not in came_from:
                    came_from[following] = state
                    found.append(following)
        layer = found
    return Report(depth, len(came_from), transitions, closed=not layer, counterexample=None), came_from


def path_to(state: S, came_from: dict[S, S | None]) -> list[S]:
    path = [state]
    while (before := came_from[path[-1]]) is not None:
        path.append(before)
    return path[::-1]


def walk(world: World[S], state: S, path: Iterable[tuple[S, str | None]]) -> tuple[tuple[str, ...], S]:
    """Follow reduced states, each with the gain of the move to it (None: any), without reducing anything.

    Answers the story and where it ends. It is a real one, with the numbers that the session would really have; that it
    can be told at all shows that no reduction made it up.
    """
    words = []
    for target, gain in path:
        fitting = (move for move in world.moves(state) if gain in {None, move.gain})
        move = next((move for move in fitting if world.reduced(move.state) == target), None)
        if move is None:
            raise AssertionError("a reduction made up a move")
        words.append(move.words)
        state = move.state
    return tuple(words), state


def _broken(world: World[S], path: list[S], invariants: frozenset[int]) -> tuple[str, ...]:
    words, state = walk(world, world.start(), ((target, None) for target in path[1:]))
    for move in world.moves(state):
        if move.breach is not None and move.breach.invariant in invariants:
            return (*words, move.words, f"invariant {move.breach.invariant}: {move.breach.words}")
    raise AssertionError("a reduction made up a breach")
