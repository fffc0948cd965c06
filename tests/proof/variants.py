"""Simpler rules that others use or that come to mind. Each is as much like ours as it can be, and each breaks."""

from collections.abc import Callable
from dataclasses import dataclass

from sallyport.sessions.rotation import Converged, Recovered, Replayed, Rotated, Rotation, rotate
from tests.proof.careful import CarefulWorld
from tests.proof.forever import goes_on_for_ever
from tests.proof.rule import Rule, Ruling, moved, ours
from tests.proof.search import explore
from tests.proof.thief import COPY_REFRESHES, OWNER_ROTATES, TheftWorld

Story = tuple[str, ...] | None


def one_step_behind_always(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling:
    """Take the newest token and the one before it, whenever they come, and move on."""
    if gen in {state.parent, state.head}:
        new = state.head + 1
        return moved(Rotated(), Rotation(state.parent, state.head, first=new, head=new, rotated_at=now_ms))
    return Ruling(Replayed())


def fixed_grace_window(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling:
    """Recover a lost answer only if the retry comes within the leeway."""
    quiet = abs(now_ms - state.rotated_at) < leeway_ms
    if gen == state.parent and not quiet:
        return Ruling(Replayed())
    return ours(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)


def void_the_unseen_child(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling:
    """Recover, and make void what was issued to the parent before, since nobody seems to have seen it."""
    ruling = ours(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)
    if isinstance(ruling.step, Recovered):
        new = state.head + 1
        return moved(ruling.step, Rotation(state.floor, state.parent, new, new, state.rotated_at))
    return ruling


def advance_on_every_use(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling:
    """Rotate whenever a candidate is used, a moment after the last time, too."""
    ruling = ours(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)
    return moved(Rotated(), rotate(state, gen, now_ms)) if isinstance(ruling.step, Converged) else ruling


def share_one_successor(state: Rotation, gen: int, /, *, now_ms: int, leeway_ms: int) -> Ruling:
    """Answer everybody who presents the parent within the leeway with the one successor it has."""
    quiet = abs(now_ms - state.rotated_at) < leeway_ms
    if gen == state.parent and quiet:
        return Ruling(Converged(), state.head, state)
    return ours(state, gen, now_ms=now_ms, leeway_ms=leeway_ms)


def logs_out(rule: Rule, exchanges: int) -> Story:
    """Tell how an honest client is logged out, with every exchange shorter than the leeway and no thief about."""
    report, _ = explore(CarefulWorld(rule=rule, most_exchanges=exchanges), invariants=frozenset({1}))
    return report.counterexample


def spares_a_copy(rule: Rule) -> Story:
    """Tell how a thief goes on though the owner has done what should have stopped the thief."""
    report, _ = explore(TheftWorld(rule, most_exchanges=1), invariants=frozenset({2}))
    return report.counterexample


def is_shared_for_ever(rule: Rule) -> Story:
    """Tell how an owner rotates for ever, a thief refreshes for ever, and neither learns of the other."""
    world = TheftWorld(rule, most_exchanges=1, keeps_score=False)
    return goes_on_for_ever(world, frozenset({OWNER_ROTATES, COPY_REFRESHES}))


@dataclass(frozen=True, slots=True)
class Variant:
    """A simpler rule, why it is not enough, and what the search tells of it."""

    name: str
    why: str
    story: Callable[[], Story]


VARIANTS = (
    Variant(
        "one step behind always",
        "a thief who takes turns with the owner is never noticed",
        lambda: is_shared_for_ever(one_step_behind_always),
    ),
    Variant(
        "fixed grace window",
        "one lost answer logs an honest client out that retries after the window",
        lambda: logs_out(fixed_grace_window, exchanges=1),
    ),
    Variant(
        "void the unseen child",
        "one duplicate request voids the token that the honest client has just been given",
        lambda: logs_out(void_the_unseen_child, exchanges=2),
    ),
    Variant(
        "advance on every use",
        "one delayed request meets a session that has moved on twice, and looks like a replay",
        lambda: logs_out(advance_on_every_use, exchanges=2),
    ),
    Variant(
        "share one successor",
        "a thief who polls is handed each of the owner's tokens, for ever",
        lambda: is_shared_for_ever(share_one_successor),
    ),
)
