"""Condition (b): an honest client that looks before it stores, where every exchange is shorter than the leeway."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from sallyport.sessions.rotation import Rotation, opened
from tests.proof.naming import Names, of_session, ranks, renamed
from tests.proof.network import NOT_YET, distinct, held, mishaps, without
from tests.proof.rule import Reaction, Rule, is_hopeless, ours, reaction
from tests.proof.search import Breach, Move


class Read(NamedTuple):
    """What a server has read and not acted upon yet, and when. Times count from now."""

    floor: int
    parent: int
    first: int
    head: int
    rotated_at: int
    when: int


class Exchange(NamedTuple):
    """A request under way, or its answer. `age`: the ticks since it was sent. `read`: one Read, or nothing."""

    sent: int
    answer: int
    age: int
    read: tuple[Read, ...] = ()


class Careful(NamedTuple):
    """The session, what the client stores, what is under way.

    `session.rotated_at` counts from now: below zero in the past, above zero if a clock that is ahead wrote it.
    """

    session: Rotation
    stored: int
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """All in ticks: the leeway, the most that an exchange lasts, the most that two of our clocks differ."""

    leeway: int
    exchange: int
    skew: int


Processing: TypeAlias = Callable[[Rule, Limits, Rotation, Exchange], Iterator[tuple[str, Reaction | Exchange]]]
"""What a server can do next about a request, in words, too: react to it, or come a step closer to that."""


def at_once(rule: Rule, limits: Limits, session: Rotation, exchange: Exchange) -> Iterator[tuple[str, Reaction]]:
    """Read and write in one moment, by a clock that was read at any moment since the request was sent."""
    for now in range(-exchange.age, limits.skew + 1):
        seen = reaction(rule, session, exchange.sent, now, limits.leeway)
        yield f"{exchange.sent} is processed by a clock at {now:+}: {seen.outcome}", seen


@dataclass(frozen=True, slots=True)
class CarefulWorld:
    """A client that acts on an answer only if the token it sent is still its current one, and waits for nothing.

    Time is a whole number of ticks. Any number of things happen within a tick, in any order; a tick passes only if no
    exchange gets too old by it. The deciding clock is ahead of the slowest one by 0 to `skew`, anew each time. It may
    have been read at any moment since the request was sent, because the clock is read before the table is written; that
    what was read then still holds at the write is the write's condition (read_then_write checks just that).

    An answer that changes nothing is not sent on its way: 409, the token that was presented, and whatever is answered
    to a token that is no longer current, for one that was left behind never becomes current again. To lose such an
    answer, which can always happen, leads to the same.
    """

    limits: Limits = Limits(leeway=4, exchange=2, skew=1)
    rule: Rule = ours
    processing: Processing = at_once
    most_exchanges: int = 3
    looks: bool = True

    def start(self) -> Careful:
        return Careful(opened(0), 1, ())

    def moves(self, state: Careful) -> Iterator[Move[Careful]]:
        session, stored, exchanges = state
        if all(exchange.age < self.limits.exchange for exchange in exchanges):
            earlier = replace(session, rotated_at=session.rotated_at - 1)
            yield Move("a tick passes", Careful(earlier, stored, tuple(_older(exchange) for exchange in exchanges)))
        if len(exchanges) < self.most_exchanges:
            yield Move(f"the client sends {stored}", self._with(state, [*exchanges, Exchange(stored, NOT_YET, 0)]))
        for words, left in mishaps(exchanges, self.most_exchanges):
            yield Move(words, self._with(state, left))
        for exchange in distinct(exchanges):
            if exchange.answer == NOT_YET:
                yield from self._process(state, exchange)
            else:
                yield self._deliver(state, exchange)

    def _process(self, state: Careful, exchange: Exchange) -> Iterator[Move[Careful]]:
        others = without(exchange, state.exchanges)
        for words, seen in self.processing(self.rule, self.limits, state.session, exchange):
            if isinstance(seen, Exchange):
                yield Move(words, self._with(state, [*others, seen]))
            else:
                yield self._processed(state, exchange, others, seen, words)

    def _processed(
        self, state: Careful, exchange: Exchange, others: list[Exchange], seen: Reaction, words: str
    ) -> Move[Careful]:
        if seen.session is None:
            return Move(words, state, Breach(1, "an honest client's session is revoked"))
        moved = state._replace(session=seen.session)
        if seen.answer is None:
            return Move(words, self._with(moved, others), seen.breach)
        after = self._with(moved, [*others, exchange._replace(answer=seen.answer, read=())])
        return Move(f"{words}, answer {seen.answer}", after, seen.breach or self._logged_out(after))

    def _deliver(self, state: Careful, exchange: Exchange) -> Move[Careful]:
        others = without(exchange, state.exchanges)
        after = self._with(state._replace(stored=exchange.answer), others)
        return Move(f"the client stores {exchange.answer}", after, self._logged_out(after))

    def _logged_out(self, state: Careful) -> Breach | None:
        if is_hopeless(self.rule, state.session, state.stored):
            return Breach(1, f"the client holds {state.stored}, which never refreshes again")
        return None

    def _with(self, state: Careful, exchanges: Iterable[Exchange]) -> Careful:
        if self.looks:
            exchanges = (one for one in exchanges if one.answer == NOT_YET or one.sent == state.stored != one.answer)
        return state._replace(exchanges=tuple(sorted(exchanges)))

    def reduced(self, state: Careful) -> Careful:
        """Give generations their ranks, and let what is late by every clock be as late as it gets."""
        session, stored, exchanges = state
        remembered = (generation for exchange in exchanges for read in exchange.read for generation in read[:4])
        names = ranks((*of_session(session), *held(stored, exchanges), *remembered))
        oldest = -self.limits.leeway - self.limits.exchange  # late even by a clock that was read an exchange ago
        moved = (
            Exchange(names[sent], names[answer], age, tuple(_renamed(known, names, oldest) for known in read))
            for sent, answer, age, read in exchanges
        )
        capped = renamed(session, names, max(session.rotated_at, oldest))
        return Careful(capped, names[stored], tuple(sorted(moved)))


def _older(exchange: Exchange) -> Exchange:
    read = tuple(known._replace(rotated_at=known.rotated_at - 1, when=known.when - 1) for known in exchange.read)
    return exchange._replace(age=exchange.age + 1, read=read)


def _renamed(known: Read, names: Names, oldest: int) -> Read:
    floor, parent, first, head = (names[generation] for generation in known[:4])
    return Read(floor, parent, first, head, max(known.rotated_at, oldest), known.when)
