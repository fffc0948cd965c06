"""Histories: any sequence of requests, faults and steps of the clock, held against the model after every step."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    multiple,
    rule,
    run_state_machine_as_test,
)

from sallyport.accounts.user import User
from tests.histories.model import (
    BROKEN,
    LEEWAY,
    OK,
    Broken,
    Expected,
    Fault,
    Model,
    ModelSession,
    ModelToken,
    ModelUser,
    issued,
)
from tests.support.service import gen_of
from tests.support.tokens import unverified_claims


@dataclass(frozen=True)
class Answer:
    """What a client sees: `ok` or the code of an error, and the pair of tokens if one came."""

    code: str
    refresh_token: str = ""
    access_token: str = ""


class Doors(Protocol):
    """A running Sallyport. Its time, in milliseconds, stands still until it is set."""

    now: int

    def new_user(self) -> User: ...

    def suffering(self, fault: Fault) -> AbstractContextManager[object]: ...

    def log_in(self, user: User) -> Answer: ...

    def refresh(self, refresh_token: str) -> Answer: ...

    def log_out(self, refresh_token: str, *, everywhere: bool) -> Answer: ...

    def change_password(self, access_token: str) -> Answer: ...

    def authorizes(self, access_token: str) -> bool: ...


@dataclass(frozen=True, eq=False)
class Pair:
    """A pair of tokens that somebody was given, and what the model knows of it."""

    refresh_token: str
    access_token: str
    known: ModelToken


Pairs = MultipleResults[Pair]

faults = st.sampled_from([Fault.NONE] * 5 + [Fault.NO_READ, Fault.WRITE_REFUSED, Fault.ANSWER_LOST])
rarely = st.sampled_from([True, False])
edges = st.sampled_from(["leeway", "access", "idle", "absolute"])


class Histories(RuleBasedStateMachine):
    """Two users with any number of devices. Whoever has ever been given a token may present it at any time."""

    pairs: Bundle[Pair] = Bundle("pairs")

    def __init__(self, doors: Doors) -> None:
        super().__init__()
        self.doors = doors
        self.model = Model()
        self.users = [(doors.new_user(), ModelUser()) for _ in range(2)]
        self.given: list[Pair] = []
        self.generations: set[tuple[ModelSession, int]] = set()

    @rule(target=pairs, who=st.integers(0, 1), fault=faults)
    def log_in(self, who: int, fault: Fault) -> Pairs:
        user, known = self.users[who]
        with self.doors.suffering(fault):
            answer = self.doors.log_in(user)
        try:
            session = self.model.log_in(known, fault, self.doors.now)
        except Broken:
            assert answer.code == BROKEN
            return multiple()
        return self.check(answer, Expected(OK, 1), session)

    @rule(target=pairs, pair=pairs, fault=faults)
    def refresh(self, pair: Pair, fault: Fault) -> Pairs:
        return self.present(pair, fault)

    @rule(target=pairs, pair=pairs, fault=faults)
    def refresh_late(self, pair: Pair, fault: Fault) -> Pairs:
        self.doors.now = max(self.doors.now, pair.known.session.moved_at + LEEWAY)
        return self.present(pair, fault)

    @rule(target=pairs, pair=pairs)
    def refresh_as_an_honest_client(self, pair: Pair) -> Pairs:
        (*_, newest) = (other for other in self.given if other.known.session is pair.known.session)
        self.doors.now = max(self.doors.now, newest.known.session.moved_at + LEEWAY)
        return self.present(newest, Fault.NONE)

    def present(self, pair: Pair, fault: Fault) -> Pairs:
        with self.doors.suffering(fault):
            answer = self.doors.refresh(pair.refresh_token)
        expected = or_broken(lambda: self.model.refresh(pair.known, fault, self.doors.now))
        return self.check(answer, expected, pair.known.session, presented=pair.known.gen)

    @rule(pair=pairs, fault=faults, everywhere=st.booleans(), is_meant=rarely)
    def log_out(self, pair: Pair, fault: Fault, everywhere: bool, is_meant: bool) -> None:
        if not is_meant:
            return
        with self.doors.suffering(fault):
            answer = self.doors.log_out(pair.refresh_token, everywhere=everywhere)
        expected = or_broken(lambda: self.model.log_out(pair.known, fault, self.doors.now, everywhere=everywhere))
        assert answer.code == expected.code

    @rule(target=pairs, pair=pairs, fault=faults, is_meant=rarely)
    def change_password(self, pair: Pair, fault: Fault, is_meant: bool) -> Pairs:
        if not is_meant:
            return multiple()
        with self.doors.suffering(fault):
            answer = self.doors.change_password(pair.access_token)
        expected = or_broken(lambda: self.model.change_password(pair.known, fault, self.doors.now))
        return self.check(answer, expected, pair.known.session)

    @rule(milliseconds=st.sampled_from([-LEEWAY, -20_000, -1, 1, 1_000, 30_000, LEEWAY, 86_400_000]))
    def let_time_pass(self, milliseconds: int) -> None:
        """Also backwards: clocks of different environments differ."""
        self.doors.now += milliseconds

    @rule(pair=pairs, edge=edges, beside=st.sampled_from([-1_000, -1, 0, 1, 1_000]))
    def come_to_an_edge(self, pair: Pair, edge: str, beside: int) -> None:
        session = pair.known.session
        at = {
            "leeway": session.moved_at + LEEWAY,
            "access": pair.known.access_end,
            "idle": session.idle_end,
            "absolute": session.end,
        }[edge]
        self.doors.now = max(self.doors.now, at + beside)

    @rule(pair=pairs)
    def authorize(self, pair: Pair) -> None:
        assert self.doors.authorizes(pair.access_token) == self.model.authorizes(pair.known, self.doors.now)

    def check(self, answer: Answer, expected: Expected, session: ModelSession, presented: int | None = None) -> Pairs:
        """Hold an answer against the model, and against what is true of every answer whatever the model says."""
        assert answer.code == expected.code
        if answer.code != OK:
            assert (answer.refresh_token, answer.access_token) == ("", "")
            return multiple()
        gen = gen_of(answer.refresh_token)
        assert gen == expected.gen
        assert gen == presented or (session, gen) not in self.generations
        assert unverified_claims(answer.refresh_token)["exp"] * 1000 == session.end
        assert unverified_claims(answer.access_token)["exp"] * 1000 <= session.end
        self.generations.add((session, gen))
        pair = Pair(answer.refresh_token, answer.access_token, issued(session, gen, self.doors.now))
        self.given.append(pair)
        return multiple(pair)

    def teardown(self) -> None:
        """Try at the end what every access token that was ever given is worth."""
        for pair in self.given:
            self.authorize(pair)


def or_broken(promise: Callable[[], Expected]) -> Expected:
    try:
        return promise()
    except Broken:
        return Expected(BROKEN)


def hold_to_the_model(open_doors: Callable[[], Doors], *, examples: int, steps: int, derandomize: bool) -> None:
    """Live through so many histories, of so many steps at most. Raises with the shortest that the model denies."""

    class HereHistories(Histories):
        def __init__(self) -> None:
            super().__init__(open_doors())

    limits = settings(max_examples=examples, stateful_step_count=steps, derandomize=derandomize)
    run_state_machine_as_test(HereHistories, settings=limits)
