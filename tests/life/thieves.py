"""Thieves who copy the token of a careful owner, again and again, and what becomes of each copy."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from tests.life.world import DAY, Actor, Store, generation, pause

Choice: TypeAlias = Callable[[str, str], str]
"""Which token to use next: the stolen one and the newest that it led to."""


def the_newest(_stolen: str, newest: str) -> str:
    """Poll: stay as close to the owner as possible."""
    return newest


def the_stolen_one(stolen: str, _newest: str) -> str:
    """Repeat the parent: live on recovery."""
    return stolen


@dataclass
class Theft:
    """One copy. `moves` counts the owner's answered refreshes since that were not `converged`."""

    stolen_at: int
    moves: int = 0
    successes: int = 0
    moves_at_last_success: int = 0
    evicted_at: int | None = None


@dataclass
class Robbed:
    """An owner's store and the thefts from it, of which the last one is going on."""

    store: Store
    thefts: list[Theft] = field(default_factory=list)


def owner(robbed: Robbed, rng: Random, per_day: int) -> Actor:
    """A careful client that counts, for the theft going on, how often its token moved."""
    store = robbed.store
    while True:
        yield pause(rng, per_day)
        sent = store.token
        answer = store.world.refresh(sent)
        store.heed(sent, answer)
        if robbed.thefts and answer.status == 200 and generation(sent) != generation(answer.token):
            robbed.thefts[-1].moves += 1


def thief(robbed: Robbed, choose: Choice, rng: Random) -> Actor:
    """Copy the owner's token, use it at any time, quiet or late, until it is refused; the next day steal again."""
    while True:
        yield rng.randint(1, DAY)
        stolen = newest = robbed.store.token
        theft = Theft(robbed.store.world.now)
        robbed.thefts.append(theft)
        while theft.evicted_at is None:
            yield rng.choice([1, 20, 59, 60, 300, 3600, 6 * 3600])
            answer = robbed.store.world.refresh(choose(stolen, newest))
            if answer.status == 200:
                newest = answer.token
                theft.successes += 1
                theft.moves_at_last_success = theft.moves
            elif answer.status == 401:
                theft.evicted_at = robbed.store.world.now
