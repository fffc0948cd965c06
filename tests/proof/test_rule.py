"""What the worlds take for granted of the rule when they rename generations and forget times."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sallyport.sessions.rotation import Rotation
from tests.proof.rule import LEEWAY, Reaction, Ruling, at_any_time, ours, reaction

times = st.integers(min_value=-(10**13), max_value=10**13)
leeways = st.integers(min_value=1, max_value=600_000)


@st.composite
def sessions(draw: st.DrawFn) -> Rotation:
    floor, step_to_parent, step_to_first, step_to_head = (draw(st.integers(0, 5)) for _ in range(4))
    parent = floor + step_to_parent
    first = parent + 1 + step_to_first
    return Rotation(floor, parent, first, first + step_to_head, draw(times))


@given(session=sessions(), gen=st.integers(0, 25), gaps=st.lists(st.integers(1, 9), min_size=26, max_size=26))
def test_the_rule_only_compares_generations_and_makes_up_one_above_all_others(
    session: Rotation, gen: int, gaps: list[int]
) -> None:
    new = [sum(gaps[: old + 1]) for old in range(26)]

    ruling = ours(session, gen, now_ms=0, leeway_ms=LEEWAY)
    other = ours(_mapped(session, new), new[gen], now_ms=0, leeway_ms=LEEWAY)

    new[session.head + 1] = new[session.head] + 1
    assert other == _ruling_mapped(ruling, new)


def _mapped(session: Rotation, new: list[int]) -> Rotation:
    return Rotation(new[session.floor], new[session.parent], new[session.first], new[session.head], session.rotated_at)


def _ruling_mapped(ruling: Ruling, new: list[int]) -> Ruling:
    return Ruling(
        ruling.step,
        new[ruling.answer] if ruling.answer is not None else None,
        _mapped(ruling.after, new) if ruling.after is not None else None,
    )


@given(session=sessions(), gen=st.integers(0, 25), now=times, shift=times, leeway=leeways)
def test_the_rule_asks_a_clock_only_how_long_ago_the_last_rotation_was(
    session: Rotation, gen: int, now: int, shift: int, leeway: int
) -> None:
    moved = replace(session, rotated_at=session.rotated_at + shift)

    seen = reaction(ours, session, gen, now, leeway)
    other = reaction(ours, moved, gen, now + shift, leeway)

    assert _without_time(other) == _without_time(seen)


@given(session=sessions(), gen=st.integers(0, 25), now=st.integers(-3 * LEEWAY, 3 * LEEWAY))
def test_a_clock_that_shows_anything_shows_nothing_but_quiet_and_late(session: Rotation, gen: int, now: int) -> None:
    session = replace(session, rotated_at=0)

    seen = reaction(ours, session, gen, now, LEEWAY)

    assert _without_time(seen) in [_without_time(known) for known in at_any_time(ours, session, gen)]


def _without_time(seen: Reaction) -> Reaction:
    return seen._replace(session=replace(seen.session, rotated_at=0) if seen.session is not None else None)
