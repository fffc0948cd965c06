"""Invariant 2: somebody else holds a copy of what the owner holds."""

from bisect import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sallyport.sessions.rotation import Rotation, opened
from tests.proof.naming import of_session, ranks, renamed
from tests.proof.network import NOT_YET, distinct, held, mishaps, without
from tests.proof.rule import Reaction, Rule, at_any_time, ours
from tests.proof.search import Breach, Move

OWNER_ROTATES = "the owner rotates"
COPY_REFRESHES = "a copy refreshes"

MOST_USURPED = 3
"""After so many rotations by the thief the owner's token is below the floor, and a quiet use reveals the thief, too."""


class Exchange(NamedTuple):
    """A request of the owner's under way, or its answer."""

    sent: int
    answer: int


class Shared(NamedTuple):
    """A session in two pairs of hands; `session` is None once it is revoked.

    `copies`: what the thief holds, nothing before the theft. `later`: what has been issued to the owner since.
    `over`: the owner has done what kills every copy. `usurped`: how often, up to three times, the thief has rotated
    with a token that the owner does not hold.
    """

    session: Rotation | None
    stored: int
    exchanges: tuple[Exchange, ...]
    copies: tuple[int, ...]
    later: tuple[int, ...]
    over: bool
    usurped: int


@dataclass(frozen=True, slots=True)
class TheftWorld:
    """An owner, a thief, and clocks that show anything.

    The owner sends what they store, whenever they like, several times at once; requests and answers are lost and
    duplicated; they store or ignore whatever is answered. The clients of both conditions are among their ways, and so
    is one that keeps to neither.

    At any moment, once, the thief copies all that the owner holds: what is stored, and what is on its way from or to
    the owner. From then on the thief uses any stolen token at any time, and keeps every answer. *Copies* are what was
    stolen and what the thief got by it; a copy *refreshes* when it is answered with tokens. The thief's requests take
    no time: one that is under way is one that is not sent yet, and an answer under way is one that is not used yet.

    Every use is quiet or late as the clock that decides it pleases, so whatever holds here holds for any delay, any
    skew, and any pause between the server's read and its write. Without `keeps_score` states are the same whatever was
    done before: what goes on for ever needs no score.
    """

    rule: Rule = ours
    most_exchanges: int = 2
    keeps_score: bool = True

    def start(self) -> Shared:
        return Shared(opened(0), 1, (), (), (), over=False, usurped=0)

    def moves(self, state: Shared) -> Iterator[Move[Shared]]:
        if state.session is None:
            return
        if len(state.exchanges) < self.most_exchanges:
            begun = Exchange(state.stored, NOT_YET)
            yield Move(f"the owner sends {state.stored}", _with(state, [*state.exchanges, begun]))
        for words, left in mishaps(state.exchanges, self.most_exchanges):
            yield Move(words, _with(state, left))
        for exchange in distinct(state.exchanges):
            if exchange.answer != NOT_YET:
                yield _owner_stores(state, exchange)
                continue
            for seen in at_any_time(self.rule, state.session, exchange.sent):
                yield _owner_uses(state, exchange, seen)
        if not state.copies:
            stolen = tuple(sorted(held(state.stored, state.exchanges)))
            words = f"a thief copies what the owner holds: {', '.join(map(str, stolen))}"
            yield Move(words, state._replace(copies=stolen))
        for copy in state.copies:
            for seen in at_any_time(self.rule, state.session, copy):
                yield _thief_uses(state, copy, seen)

    def reduced(self, state: Shared) -> Shared:
        """Give generations their ranks, and keep of the thief's tokens one of each kind.

        What was issued to the owner since the theft matters while the owner holds it. Tokens that only the thief holds,
        and that are next to each other in order, fare alike in every comparison. Of candidates the lowest, one between
        and the highest do for all: one can be used with others left behind below it, above it, both or neither. Of
        tokens that can never be candidates again one does.
        """
        if state.session is None:
            return Shared(None, 0, (), (), (), over=False, usurped=0)
        owners = held(state.stored, state.exchanges)
        fixed = sorted({*of_session(state.session), *owners})
        copies = _one_of_each_kind(state.copies, fixed, state.session.first)
        names = ranks((*fixed, *copies))
        return Shared(
            renamed(state.session, names, 0),
            names[state.stored],
            tuple(sorted(Exchange(names[sent], names[answer]) for sent, answer in state.exchanges)),
            tuple(names[copy] for copy in copies),
            tuple(names[token] for token in state.later if token in owners),
            state.over and self.keeps_score,
            state.usurped if self.keeps_score else 0,
        )


def _owner_stores(state: Shared, exchange: Exchange) -> Move[Shared]:
    """An answered refresh that was not `converged`, with a token answered since the theft: that is the second one."""
    is_second = exchange.answer != exchange.sent and exchange.sent in state.later
    stored = state._replace(stored=exchange.answer, over=state.over or is_second)
    return Move(f"the owner stores {exchange.answer}", _with(stored, without(exchange, state.exchanges)))


def _owner_uses(state: Shared, exchange: Exchange, seen: Reaction) -> Move[Shared]:
    sent, answer = exchange.sent, seen.answer
    words = _said("the owner's", sent, seen)
    must_reveal = state.usurped == MOST_USURPED or (state.usurped > 0 and seen.late)
    breach = Breach(2, "the thief has rotated with tokens of their own, and the owner's use reveals nothing")
    rotated = seen.outcome == "rotated"
    others = without(exchange, state.exchanges)
    left = others if answer is None else [*others, exchange._replace(answer=answer)]
    is_new = answer is not None and answer not in {sent, *state.later}
    after = state._replace(
        session=seen.session,
        later=(*state.later, answer) if answer is not None and is_new and state.copies else state.later,
        over=state.over or (rotated and sent in state.later),
    )
    return Move(
        words,
        _with(after, left),
        breach if must_reveal and seen.session is not None else seen.breach,
        OWNER_ROTATES if rotated else "",
    )


def _thief_uses(state: Shared, copy: int, seen: Reaction) -> Move[Shared]:
    words = _said("the thief's", copy, seen)
    if seen.answer is None:
        unnoticed = state.over and seen.late and seen.session is not None
        breach = Breach(2, "the copies are dead, and the late use of one reveals nothing") if unnoticed else None
        return Move(words, state._replace(session=seen.session), seen.breach or breach)
    breach = Breach(2, "the copies should be dead, and one refreshes") if state.over else None
    usurps = seen.outcome == "rotated" and copy not in held(state.stored, state.exchanges)
    copies = tuple(sorted({*state.copies, seen.answer}))
    moved = state._replace(session=seen.session, copies=copies, usurped=min(state.usurped + usurps, MOST_USURPED))
    return Move(words, moved, breach or seen.breach, COPY_REFRESHES)


def _said(whose: str, token: int, seen: Reaction) -> str:
    answered = f", answer {seen.answer}" if seen.answer is not None else ""
    return f"{whose} {token} is processed {'late' if seen.late else 'quiet'}: {seen.outcome}{answered}"


def _one_of_each_kind(copies: Iterable[int], fixed: list[int], first: int) -> list[int]:
    kept: list[int] = []
    for _, run in groupby(sorted(copies), key=lambda copy: (copy in fixed, bisect(fixed, copy))):
        alike = list(run)
        most = 3 if alike[0] >= first else 1
        kept += [*alike[: most - 1], alike[-1]] if len(alike) > most else alike
    return kept


def _with(state: Shared, exchanges: Iterable[Exchange]) -> Shared:
    return state._replace(exchanges=tuple(sorted(exchanges)))
