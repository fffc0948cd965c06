"""What presenting a refresh token means: the rule of docs/refresh.md, pure and total.

`rotate`, `recover` and `reopen` say which state a step leads to. The table reaches it by expressions relative to what
it holds, so that parallel recoveries do not conflict; the contract suite holds both to one result.

`floor <= parent < first <= head`. `parent` is the generation last used to rotate; `first..head` are the candidates:
issued since, none used yet.
"""

from typing import TypeAlias

from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class Rotation:
    """A session's rotation state. `rotated_at` in milliseconds: login, or the last time a candidate was used."""

    floor: int
    parent: int
    first: int
    head: int
    rotated_at: int


@dataclass(frozen=True, slots=True)
class Converged:
    """A candidate within the quiet time: issue the generation presented again, write nothing."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A candidate is used for the first time: issue the new head. The other candidates become void."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The response to `parent` was lost: issue one more candidate, which only this response knows."""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A request that a rotation has just overtaken: issue nothing, write nothing."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A token that an honest client has stopped using: revoke the session."""


@dataclass(frozen=True, slots=True)
class Forged:
    """A generation that was never issued; impossible with an intact table. Write nothing."""


Step: TypeAlias = Converged | Rotated | Recovered | Superseded | Replayed | Forged


def opened(now_ms: int) -> Rotation:
    """Return the state of a new session: login has issued generation 1."""
    return Rotation(floor=0, parent=0, first=1, head=1, rotated_at=now_ms)


def rotate(state: Rotation, gen: int, now_ms: int) -> Rotation:
    """Return the state after candidate `gen` was used. `head` only grows, so no generation is ever issued twice."""
    new = state.head + 1
    return Rotation(floor=state.parent, parent=gen, first=new, head=new, rotated_at=now_ms)


def recover(state: Rotation) -> Rotation:
    """Return the state after one more candidate was issued to the holder of `parent`."""
    return Rotation(state.floor, state.parent, state.first, state.head + 1, state.rotated_at)


def reopen(state: Rotation, now_ms: int) -> Rotation:
    """Return the state after a password change: every generation is left behind, and a new one issued."""
    new = state.head + 1
    return Rotation(floor=state.head, parent=state.head, first=new, head=new, rotated_at=now_ms)


def next_step(state: Rotation, gen: int, *, now_ms: int, leeway_ms: int) -> Step:
    """Return what presenting generation `gen` means. Pure: the caller writes."""
    quiet = abs(now_ms - state.rotated_at) < leeway_ms
    if gen > state.head:
        return Forged()
    if gen >= state.first:
        return Converged() if quiet else Rotated()
    if gen == state.parent:
        return Recovered()
    return Superseded() if quiet and gen >= state.floor else Replayed()
