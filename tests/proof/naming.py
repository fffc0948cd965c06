"""Generations under other names. The rule only compares them and adds one to the highest, so any names will do."""

from collections.abc import Iterable

from sallyport.sessions.rotation import Rotation
from tests.proof.network import NOT_YET

Names = dict[int, int]


def ranks(generations: Iterable[int]) -> Names:
    """Name generations 0, 1, 2... in their own order. What nobody holds and no session remembers gets no name.

    The rule asks of two generations only which one is higher (test_rule.py holds it to that), and what it makes up
    is above all others. So two worlds that differ in names alone have the same future, and of the worlds, of which
    there is no end, finitely many are left, however high the numbers get.
    """
    names = {generation: rank for rank, generation in enumerate(sorted(set(generations)))}
    names[NOT_YET] = NOT_YET
    return names


def of_session(session: Rotation) -> tuple[int, int, int, int]:
    return session.floor, session.parent, session.first, session.head


def renamed(session: Rotation, names: Names, rotated_at: int) -> Rotation:
    return Rotation(names[session.floor], names[session.parent], names[session.first], names[session.head], rotated_at)
