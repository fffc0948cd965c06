"""A history: revocations of every kind, by writers whose clocks differ, while machines have their troubles.

Time passes in steps of a second and nobody waits for it. In each step every machine is asked many times, at once with
the other machines, each ask at a millisecond of its own.
"""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import TypeAlias

from tests.bound.environment import MODES, Order
from tests.bound.kinds import KINDS, ROLES, Family, Token, a_family, issue
from tests.bound.ledger import Environment, Ledger
from tests.bound.machines import Process
from tests.support.builders import MINUTE, SECOND
from tests.support.service import Service

STEP = SECOND

MOST_SKEW = 12 * SECOND
SLOWEST_COMMIT = 60 * SECOND
"""With two skews, within the 90 s that a poll looks back."""

TROUBLES = ["frozen", "frozen", "slow", "cold", "refused: ", "refused: Query REVOKED", "refused: Query REVOKED#1"]
"""`refused: ` and the beginning of the names of the calls that fail."""

_LASTING = {"frozen": [3, 10, 30, 120, 300, 900], "slow": [20], "cold": [0], "set": [0], "ahead": [5, 20]}  # seconds
_FAR = 300 * SECOND  # tokens that are younger are still good then, so that its environments poll
_IN_FLIGHT = 5 * SECOND


Ask: TypeAlias = tuple[int, int, str, Token]
"""When, in which order, in which mode, about which token."""


@dataclass
class Machine:
    """One machine as history knows it: what its trouble is, and what it is to be asked."""

    process: Process
    numbers: Iterator[int]
    offset: int
    trouble: str = "none"
    over_at: int = 0
    agenda: list[Ask] = field(default_factory=list)
    environments: dict[str, Environment] = field(default_factory=dict)
    is_new: bool = False

    def __post_init__(self) -> None:
        self.start_anew(self.offset)

    def start_anew(self, offset: int) -> None:
        self.offset = offset
        self.environments = {mode: Environment(mode, next(self.numbers)) for mode in MODES}
        self.is_new = True

    def set_clock(self, offset: int) -> None:
        for environment in self.environments.values():
            environment.set_back += max(self.offset - offset, 0)
        self.offset = offset


@dataclass
class Writer:
    """Somebody who revokes: a service with a clock of its own, `offset` ahead of the true time."""

    service: Service
    offset: int

    def see(self, now: int) -> None:
        self.service.clock.now_ms = now + self.offset


class History:
    """The world, from `start` on.

    `at_once`: writers write while machines read. `clocks_are_set`: machines' clocks are, now and then, by seconds; and
    some are five minutes ahead for a while.
    """

    def __init__(
        self,
        writers: Sequence[Writer],
        processes: Sequence[Process],
        ledger: Ledger,
        rng: Random,
        *,
        start: int,
        at_once: bool,
        clocks_are_set: bool,
    ) -> None:
        self._writers = writers
        self.ledger = ledger
        self._rng = rng
        self._at_once = at_once
        self._clocks_are_set = clocks_are_set
        self._turns = count()
        numbers = count()
        self._machines = [Machine(process, numbers, self._some_offset()) for process in processes]
        self.revocations: Counter[str] = Counter()
        self.now = start

    def run(self, of_each_kind: int) -> None:
        """Make so many revocations of each kind, one every eight seconds or so; then let all tokens run out."""
        kinds = [kind for kind in KINDS for _ in range(of_each_kind)]
        plan = sorted((self.now + self._rng.randrange(8 * len(kinds)) * SECOND, kind) for kind in kinds)
        families: list[tuple[int, str, Family]] = []
        with ThreadPoolExecutor(len(self._writers)) as pool:
            while plan or families or any(machine.agenda for machine in self._machines):
                end = self.now + STEP
                while plan and plan[0][0] < end:
                    _, kind = plan.pop(0)
                    family = self._create(kind)
                    families.append((self.now + self._rng.randrange(2, 50) * SECOND, kind, family))
                due = [planned for planned in families if planned[0] < end]
                families = [planned for planned in families if planned[0] >= end]
                self._step(due, pool)
                self.now = end

    def _step(self, due: Sequence[tuple[int, str, Family]], pool: ThreadPoolExecutor) -> None:
        """Revoke what is due, by several writers at once, and ask: thereafter, or meanwhile."""
        for _, kind, family in due:
            for number in KINDS[kind].dies:
                family.tokens[number].is_dying = True
        busy = [
            (kind, family, pool.submit(self._revoke_by, writer, kind, family, self._some_delay()))
            for (_, kind, family), writer in zip(due, self._shuffled_writers(len(due)), strict=True)
        ]
        if self._at_once:
            self._ask_all()
            for kind, family, revoked in busy:
                self._is_revoked(kind, family, revoked, self.now + STEP)
        else:
            for kind, family, revoked in busy:
                self._is_revoked(kind, family, revoked, self.now)
            self._ask_all()

    def _create(self, kind: str) -> Family:
        writer, another = self._shuffled_writers(2)
        writer.see(self.now)
        another.see(self.now)
        raised = another.service.clock.now_ms if KINDS[kind].raised_before else None
        family = a_family(writer.service, kind, raised_before=raised)
        for machine in self._machines:
            for token in family.tokens:
                for mode in MODES:
                    self._ask_later(machine, self.now + self._rng.randrange(2 * SECOND), mode, token)
        return family

    def _revoke_by(self, writer: Writer, kind: str, family: Family, delay: int) -> tuple[list[Token], list[Token]]:
        """Revoke with a timestamp that is `delay` old.

        Answers tokens that a refresh in flight hands out thereafter, dead, and those that a new session begins with.
        """
        writer.see(self.now)
        service = writer.service
        living = KINDS[kind].revoke(service, family, service.clock.now_ms - delay)
        late = [] if kind in {"token", ROLES} else [Token(issue(service, family.here, later=_IN_FLIGHT), kind)]
        return late, [Token(issue(service, session), kind) for session in living]

    def _is_revoked(self, kind: str, family: Family, revoked: Future[tuple[list[Token], list[Token]]], at: int) -> None:
        self.revocations[kind] += 1
        late, living = revoked.result()
        doomed = [*(family.tokens[number] for number in KINDS[kind].dies), *late]
        for token in doomed:
            token.is_dying, token.died_at = True, at
        for token in family.tokens if kind == ROLES else []:
            token.roles_changed_at = at
        for machine in self._machines:
            for token in [*family.tokens, *late, *living]:
                self._watch(machine, token, at, closely=token in doomed or kind == ROLES)

    def _watch(self, machine: Machine, token: Token, at: int, *, closely: bool) -> None:
        """Ask about a token until it is over: most of all just after the revocation, and when it is about to end."""
        rng = self._rng
        over = token.exp * SECOND - machine.offset
        for mode in MODES:
            often = 3 if closely and mode != "stateless" else 1
            soon = [at + rng.randrange(8 * SECOND) for _ in range(often)]
            later = [at + rng.randrange(8 * SECOND, 70 * SECOND), over - rng.randrange(1, MINUTE)] if closely else []
            for when in [*soon, *later, over - 1, over]:
                self._ask_later(machine, max(when, at), mode, token)

    def _ask_later(self, machine: Machine, when: int, mode: str, token: Token) -> None:
        heapq.heappush(machine.agenda, (when, next(self._turns), mode, token))

    def _ask_all(self) -> None:
        asked = []
        for machine in self._machines:
            self._trouble(machine)
            if asks := self._due(machine):
                asked.append((machine, asks))
                machine.process.order(self._order(machine, asks))
                machine.is_new = False
        for machine, asks in asked:
            answers = machine.process.answers()
            for (_, _, mode, token), answered in zip(asks, answers, strict=False):
                self.ledger.judge(machine.environments[mode], token, answered, offset=machine.offset)
            for postponed in asks[len(answers) :]:
                heapq.heappush(machine.agenda, postponed)

    def _order(self, machine: Machine, asks: Sequence[Ask]) -> Order:
        return Order(
            offset=machine.offset,
            until=self.now + STEP,
            cold=list(MODES) if machine.is_new else [],
            refused=machine.trouble.removeprefix("refused: ") if machine.trouble.startswith("refused") else None,
            slow=700 if machine.trouble == "slow" else 0,
            asks=[(when, mode, token.text) for when, _, mode, token in asks],
        )

    def _due(self, machine: Machine) -> list[Ask]:
        """Take from its agenda what a machine is asked in this step. What it was frozen for comes after the thaw."""
        if machine.trouble == "frozen" and self.now < machine.over_at:
            return []
        due: list[Ask] = []
        while machine.agenda and machine.agenda[0][0] < self.now + STEP:
            when, turn, mode, token = heapq.heappop(machine.agenda)
            at = when if when >= self.now else self.now + self._rng.randrange(STEP)
            due.append((at, turn, mode, token))
        return sorted(due, key=lambda ask: ask[:2])

    def _trouble(self, machine: Machine) -> None:
        """End a machine's trouble, and after some time without think of the next."""
        if self.now < machine.over_at:
            return
        rng = self._rng
        if machine.trouble == "ahead":
            machine.set_clock(self._some_offset())
        if machine.trouble != "none":
            machine.trouble, lasts = "none", rng.randrange(60)
        else:
            machine.trouble = rng.choice([*TROUBLES, "set", "ahead"] if self._clocks_are_set else TROUBLES)
            lasts = rng.choice(_LASTING.get(machine.trouble, [1, 5, 20, 70, 100]))
        match machine.trouble:
            case "cold":
                machine.start_anew(self._some_offset())
            case "set":
                machine.set_clock(self._some_offset())
            case "ahead":
                machine.set_clock(_FAR)
        machine.over_at = self.now + lasts * SECOND

    def _some_offset(self) -> int:
        return self._rng.randint(-MOST_SKEW, MOST_SKEW)

    def _some_delay(self) -> int:
        return self._rng.choice([0, 0, self._rng.randrange(SLOWEST_COMMIT)])

    def _shuffled_writers(self, number: int) -> list[Writer]:
        """Choose writers, each once as long as there are enough."""
        rounds = -(-number // len(self._writers))
        return [w for _ in range(rounds) for w in self._rng.sample(self._writers, len(self._writers))][:number]
