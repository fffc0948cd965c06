"""Simpler rules that others use or that come to mind. Each is as much like ours as it can be, and each breaks."""

from sallyport.sessions.rotation import (
    Converged,
    Recovered,
    Replayed,
    Rotated,
    Rotation,
    Step,
    next_step,
    rotate,
)


def one_step_behind_always(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Step:
    """Take the newest token and the one before it, whenever they come, and move on."""
    if gen in {state.parent, state.head}:
        new = state.head + 1
        return Rotated(Rotation(floor=state.parent, parent=state.head, first=new, head=new, rotated_at=now_ms))
    return Replayed()


def fixed_grace_window(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Step:
    """Recover a lost answer only if the retry comes within the leeway."""
    quiet = abs(now_ms - state.rotated_at) < leeway_ms
    if gen == state.parent and not quiet:
        return Replayed()
    return next_step(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)


def void_the_unseen_child(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Step:
    """Recover, and make void what was issued to the parent before, since nobody seems to have seen it."""
    step = next_step(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)
    if isinstance(step, Recovered):
        moved = step.state
        return Recovered(Rotation(moved.floor, moved.parent, moved.head, moved.head, moved.rotated_at))
    return step


def advance_on_every_use(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Step:
    """Rotate whenever a candidate is used, a moment after the last time, too."""
    step = next_step(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)
    return Rotated(rotate(state, gen, now_ms)) if isinstance(step, Converged) else step


def share_one_successor(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Step:
    """Answer everybody who presents the parent within the leeway with the one successor it has."""
    quiet = abs(now_ms - state.rotated_at) < leeway_ms
    if gen == state.parent and quiet:
        return Converged(state.head)
    return next_step(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)
