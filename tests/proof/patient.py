"""Condition (a): an honest client that waits before it uses a token, in a world where clocks show anything."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sallyport.sessions.rotation import Rotation, opened
from tests.proof.naming import of_session, ranks, renamed
from tests.proof.network import NOT_YET, distinct, held, mishaps, without
from tests.proof.rule import Reaction, Rule, at_any_time, is_hopeless, ours
from tests.proof.search import Breach, Move


class Exchange(NamedTuple):
    """A request under way, or its answer. `older`: it began before the client last stored a token."""

    sent: int
    answer: int
    older: bool


class Patient(NamedTuple):
    """The session in the table, the token that the client stores, and what is under way."""

    session: Rotation
    stored: int
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class PatientWorld:
    """A client that uses a token only when more than an exchange's life has passed since it stored it.

    By then whatever began before the storing is over, and that is all the time there is in this world: *a token is
    not used while an older exchange is under way*. It holds for every life of an exchange, shorter or longer than the
    leeway. Nothing else is asked of anybody: at each request a server's clock may show anything, so any skew, any
    delay, and any pause between the server's read and its write are among what is searched.

    The client may use its token several times at once, and it stores whatever is answered, in whatever order. To store
    once more what it holds is not counted as storing, which only lets it do more. An answer without a token changes
    nothing here (409) or has ended the search (401), so it is not sent on its way.
    """

    rule: Rule = ours
    most_exchanges: int = 3
    waits: bool = True

    def start(self) -> Patient:
        return Patient(opened(0), 1, ())

    def moves(self, state: Patient) -> Iterator[Move[Patient]]:
        session, stored, exchanges = state
        must_wait = self.waits and any(exchange.older for exchange in exchanges)
        if len(exchanges) < self.most_exchanges and not must_wait:
            begun = Exchange(stored, NOT_YET, older=False)
            yield Move(f"the client sends {stored}", _with(state, [*exchanges, begun]))
        for words, left in mishaps(exchanges, self.most_exchanges):
            yield Move(words, _with(state, left))
        for exchange in distinct(exchanges):
            if exchange.answer != NOT_YET:
                yield self._deliver(state, exchange)
                continue
            for seen in at_any_time(self.rule, session, exchange.sent):
                yield self._process(state, exchange, seen)

    def _process(self, state: Patient, exchange: Exchange, seen: Reaction) -> Move[Patient]:
        words = f"{exchange.sent} is processed {'late' if seen.late else 'quiet'}: {seen.outcome}"
        if seen.session is None:
            return Move(words, state, Breach(1, "an honest client's session is revoked"))
        moved = state._replace(session=seen.session)
        others = without(exchange, state.exchanges)
        if seen.answer is None:
            return Move(words, _with(moved, others), seen.breach)
        after = _with(moved, [*others, exchange._replace(answer=seen.answer)])
        return Move(f"{words}, answer {seen.answer}", after, seen.breach or self._logged_out(after))

    def _deliver(self, state: Patient, exchange: Exchange) -> Move[Patient]:
        others = without(exchange, state.exchanges)
        if exchange.answer != state.stored:
            others = [other._replace(older=True) for other in others]
        after = _with(state._replace(stored=exchange.answer), others)
        return Move(f"the client stores {exchange.answer}", after, self._logged_out(after))

    def _logged_out(self, state: Patient) -> Breach | None:
        if is_hopeless(self.rule, state.session, state.stored):
            return Breach(1, f"the client holds {state.stored}, which never refreshes again")
        return None

    def reduced(self, state: Patient) -> Patient:
        session, stored, exchanges = state
        names = ranks((*of_session(session), *held(stored, exchanges)))
        moved = [Exchange(names[sent], names[answer], older) for sent, answer, older in exchanges]
        return _with(Patient(renamed(session, names, 0), names[stored], ()), moved)


def _with(state: Patient, exchanges: Iterable[Exchange]) -> Patient:
    return state._replace(exchanges=tuple(sorted(exchanges)))
