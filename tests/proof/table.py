"""Processing in two steps, as it is: a read, and later one conditional write, whose loser follows the rule again."""

from collections.abc import Iterator

from sallyport.sessions.rotation import Rotation, recover, rotate
from tests.proof.careful import Exchange, Limits, Read
from tests.proof.naming import of_session
from tests.proof.rule import Reaction, Rule, invariant_3, reaction


def read_then_write(
    rule: Rule, limits: Limits, session: Rotation, exchange: Exchange, *, conditional: bool = True
) -> Iterator[tuple[str, Reaction | Exchange]]:
    """Read; then, at any later moment, act on what was read, by a clock read at any moment in between.

    The write stands if `parent` and `first` are as read. It raises `head` by an expression, since others may have
    raised it meanwhile. Whoever loses has read, with the refusal, what the winner left; they may lose without end.
    """
    if not exchange.read:
        yield f"{exchange.sent} arrives and the session is read", _reading(exchange, session)
        return
    (known,) = exchange.read
    as_read = Rotation(known.floor, known.parent, known.first, known.head, known.rotated_at)
    nobody_moved_it = (session.parent, session.first) == (known.parent, known.first)
    for now in range(known.when, limits.skew + 1):
        seen = reaction(rule, as_read, exchange.sent, now, limits.leeway)
        words = f"{exchange.sent} is decided by a clock at {now:+}: {seen.outcome}"
        if seen.session == as_read:  # nothing to write
            yield words, seen._replace(session=session)
        elif nobody_moved_it or not conditional:
            yield words, _written(seen, session, exchange.sent, now)
        else:
            yield f"{words}, but somebody else wrote first", _reading(exchange, session)


def _reading(exchange: Exchange, session: Rotation) -> Exchange:
    floor, parent, first, head = of_session(session)
    return exchange._replace(read=(Read(floor, parent, first, head, session.rotated_at, when=0),))


def _written(seen: Reaction, session: Rotation, gen: int, now: int) -> Reaction:
    """Reach the next state from what the table holds, as its expressions do (tests/contract holds the two together)."""
    if seen.session is None:
        return seen
    after = rotate(session, gen, now) if seen.outcome == "rotated" else recover(session)
    return seen._replace(session=after, answer=after.head, breach=invariant_3(session, gen, after.head, after))
