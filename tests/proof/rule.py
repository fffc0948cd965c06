"""The rule under test, as the worlds ask it."""

from collections.abc import Hashable
from dataclasses import replace
from functools import cache
from typing import NamedTuple, Protocol

from sallyport.sessions.rotation import (
    Converged,
    Forged,
    Recovered,
    Replayed,
    Rotated,
    Rotation,
    Step,
    Superseded,
    next_step,
    recover,
    rotate,
)
from tests.proof.search import Breach

LEEWAY = 4
"""In ticks, each of them one millisecond of the real function."""


class Ruling(NamedTuple):
    """A step, the generation that it answers, and the session after it. Both None where no token is answered."""

    step: Step
    answer: int | None = None
    after: Rotation | None = None


class Rule(Hashable, Protocol):
    """Say what follows when a session is presented with a generation at a time."""

    def __call__(self, state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling: ...


def ours(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling:
    """Follow the rule of sallyport.sessions.rotation."""
    step = next_step(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)
    match step:
        case Converged():
            return Ruling(step, gen, state)
        case Rotated():
            return moved(step, rotate(state, gen, now_ms))
        case Recovered():
            return moved(step, recover(state))
        case _:
            return Ruling(step)


def moved(step: Step, after: Rotation) -> Ruling:
    """Answer the new head."""
    return Ruling(step, after.head, after)


class Reaction(NamedTuple):
    """What a step means to those who see it from outside.

    `answer` is the generation answered, None without one; `session` is None once it is revoked. `late`: at least the
    leeway from the last rotation, by the clock that decided.
    """

    outcome: str
    answer: int | None
    session: Rotation | None
    late: bool
    breach: Breach | None


@cache
def reaction(rule: Rule, session: Rotation, gen: int, now: int, leeway: int) -> Reaction:
    """Present a generation that has been issued, when the deciding clock shows `now`.

    Two things are asked of every answer, or else invariant 2 would say nothing: a late use is not `converged`, and only
    a rotation begins a quiet time.
    """
    step, answer, after = rule(session, gen, now_ms=now, leeway_ms=leeway)
    late = abs(now - session.rotated_at) >= leeway
    match step:
        case Converged():
            assert answer is not None
            breach = Breach(2, f"{gen} is used late, and nothing moves") if late else None
            return Reaction("converged", answer, session, late, breach or invariant_3(session, gen, answer, session))
        case Rotated() | Recovered():
            assert answer is not None
            assert after is not None
            outcome = "rotated" if isinstance(step, Rotated) else "recovered"
            began = now if outcome == "rotated" else session.rotated_at
            breach = Breach(2, f"{gen} moves the time of the last rotation") if after.rotated_at != began else None
            return Reaction(outcome, answer, after, late, breach or invariant_3(session, gen, answer, after))
        case Superseded():
            return Reaction("superseded", None, session, late, None)
        case Replayed():
            return Reaction("replayed", None, None, late, None)
        case Forged():
            return Reaction("forged", None, session, late, Breach(3, f"{gen} was issued and is called forged"))


def invariant_3(before: Rotation, gen: int, answer: int, after: Rotation) -> Breach | None:
    """Whatever anybody has been given is at most `head`, so what is above it is new, and stays the only one."""
    if after.head < before.head:
        return Breach(3, f"head falls from {before.head} to {after.head}")
    if answer not in {gen, after.head} or (answer != gen and answer <= before.head):
        return Breach(3, f"{gen} is answered {answer}, which has been given before")
    if not after.floor <= after.parent < after.first <= after.head:
        return Breach(3, f"{after} is out of order")
    return None


@cache
def at_any_time(rule: Rule, session: Rotation, gen: int) -> tuple[Reaction, ...]:
    """Present a generation by a clock that may show anything: each reaction that there is.

    The last rotation, and on both sides of it the last quiet tick and the first two late ones. `rotated_at` is set to
    zero again afterwards: where the clock may show anything, the time that has passed says nothing.
    """
    nows = (0, LEEWAY - 1, 1 - LEEWAY, LEEWAY, -LEEWAY, LEEWAY + 1, -LEEWAY - 1)
    return tuple(dict.fromkeys(_timeless(reaction(rule, session, gen, now, LEEWAY)) for now in nows))


def _timeless(seen: Reaction) -> Reaction:
    return seen._replace(session=replace(seen.session, rotated_at=0)) if seen.session is not None else seen


def is_hopeless(rule: Rule, session: Rotation, gen: int) -> bool:
    """Tell whether a token is never answered with tokens again, whenever it is used."""
    return all(seen.answer is None for seen in at_any_time(rule, replace(session, rotated_at=0), gen))
