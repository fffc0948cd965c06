"""Clients, and the networks they have."""

from random import Random

from tests.life.world import Actor, Store, pause

MINUTE = 60
HOUR = 3600


def careful(store: Store, rng: Random, per_day: int) -> Actor:
    """One call at a time, over a good network."""
    while True:
        yield pause(rng, per_day)
        sent = store.token
        answer = store.world.refresh(sent)
        yield rng.randint(0, 5)
        store.heed(sent, answer)


def phone(store: Store, rng: Random, per_day: int) -> Actor:
    """Half of its answers are lost, and some requests arrive twice. It tries again at once, later, or the next day."""
    while True:
        yield pause(rng, per_day)
        while True:
            sent = store.token
            answer = store.world.refresh(sent)
            yield rng.randint(0, 20)
            if rng.random() < 0.1:
                store.world.refresh(sent)
            if rng.random() < 0.5:
                store.heed(sent, answer)
                break
            yield rng.choice([1, 10, MINUTE - 1, MINUTE, 5 * MINUTE, HOUR, 24 * HOUR])


def tab(store: Store, wakes: Random, rng: Random, per_day: int, *, slowest: int) -> Actor:
    """One of two tabs over one store. Both wake together, and each obeys its answer whatever the other has done.

    An answer takes up to `slowest` seconds.
    """
    while True:
        yield pause(wakes, per_day)
        answer = store.world.refresh(store.token)
        yield rng.randint(0, slowest)
        store.obey(answer)


def two_tabs(store: Store, seed: int, per_day: int, *, slowest: int) -> list[Actor]:
    return [tab(store, Random(seed), Random(seed + number), per_day, slowest=slowest) for number in (1, 2)]
