"""What can go on for ever: a cycle among all states there are, in which each of some gains is made."""

from collections.abc import Hashable, Iterator
from itertools import islice
from typing import TypeVar

from tests.proof.search import World, path_to, walk

S = TypeVar("S", bound=Hashable)
Edges = dict[S, list[tuple[S, str]]]
Made = tuple[S, frozenset[str]]

_ENTRANCES = 20
"""How many ways into a cycle are tried for a short story."""


def goes_on_for_ever(world: World[S], gains: frozenset[str]) -> tuple[str, ...] | None:
    """Look for a run that never ends and makes every one of `gains` again and again: tell one, or None.

    There are finitely many reduced states, so such a run passes twice through one of them with every gain in between;
    and whatever leads from a state back to it can be repeated for ever. So it is enough to look at states that lead to
    each other. The world must be one that a search sees the end of, or this does not end either.
    """
    came_from, edges = _everything(world)
    for circle in _circles(edges):
        made = {gain for state in circle for target, gain in edges[state] if target in circle}
        if gains <= made:
            return _story(world, came_from, edges, circle, gains)
    return None


def _everything(world: World[S]) -> tuple[dict[S, S | None], Edges[S]]:
    start = world.reduced(world.start())
    came_from: dict[S, S | None] = {start: None}
    edges: Edges[S] = {}
    queue = [start]
    for state in queue:
        edges[state] = list(dict.fromkeys((world.reduced(move.state), move.gain) for move in world.moves(state)))
        for target, _ in edges[state]:
            if target not in came_from:
                came_from[target] = state
                queue.append(target)
    return came_from, edges


def _circles(edges: Edges[S]) -> Iterator[set[S]]:
    """Find the sets of states that lead to each other (Kosaraju: the graph, then the reversed one, latest first)."""
    backward: dict[S, list[S]] = {state: [] for state in edges}
    for state, targets in edges.items():
        for target, _ in targets:
            backward[target].append(state)
    forward = {state: [target for target, _ in targets] for state, targets in edges.items()}
    seen: set[S] = set()
    order = [state for start in edges for state in _last_left_first(start, forward, seen)]
    seen = set()
    for start in reversed(order):
        if circle := set(_last_left_first(start, backward, seen)):
            yield circle


def _last_left_first(start: S, edges: dict[S, list[S]], seen: set[S]) -> list[S]:
    """Walk deep from `start`, and list the unseen states in the order in which they are left for good."""
    left: list[S] = []
    if start in seen:
        return left
    seen.add(start)
    trail = [(start, iter(edges[start]))]
    while trail:
        state, targets = trail[-1]
        following = next((target for target in targets if target not in seen), None)
        if following is None:
            left.append(state)
            trail.pop()
        else:
            seen.add(following)
            trail.append((following, iter(edges[following])))
    return left


def _story(
    world: World[S], came_from: dict[S, S | None], edges: Edges[S], circle: set[S], gains: frozenset[str]
) -> tuple[str, ...]:
    entrances = (state for state in came_from if state in circle and any(gain in gains for _, gain in edges[state]))
    trips = [(state, _round_trip(state, edges, gains)) for state in islice(entrances, _ENTRANCES)]
    entrance, trip = min(trips, key=lambda found: len(path_to(found[0], came_from)) + len(found[1]))
    before, state = walk(world, world.start(), ((target, None) for target in path_to(entrance, came_from)[1:]))
    again, _ = walk(world, state, trip)
    return (*before, "from here on, again and again:", *again)


def _round_trip(entrance: S, edges: Edges[S], gains: frozenset[str]) -> list[tuple[S, str]]:
    """Find a shortest way from a state back to it that makes every gain."""
    start: Made[S] = (entrance, frozenset())
    came: dict[Made[S], tuple[Made[S], str]] = {}
    queue = [start]
    for here in queue:
        state, made = here
        for target, gain in edges[state]:
            found = (target, made | ({gain} & gains))
            if found in came or found == start:
                continue
            came[found] = (here, gain)
            queue.append(found)
            if found == (entrance, gains):
                return _traced(found, start, came)
    raise AssertionError("a circle does not lead back")


def _traced(end: Made[S], start: Made[S], came: dict[Made[S], tuple[Made[S], str]]) -> list[tuple[S, str]]:
    path: list[tuple[S, str]] = []
    while end != start:
        before, gain = came[end]
        path.append((end[0], gain))
        end = before
    return path[::-1]
