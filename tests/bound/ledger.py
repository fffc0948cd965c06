"""What the promise says of every single answer, and what was seen of it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from sallyport.revocation.window import OVERLAP_MS, PAUSE_MS
from tests.bound.environment import MODES, Answered
from tests.bound.kinds import KINDS, NEW_ROLES, OLD_ROLES, ROLES, Token
from tests.support.builders import MINUTE, SECOND

POLL = 5 * SECOND
STALENESS = MINUTE

_LIFE = 600 * SECOND
_CALLS = {"BatchGetItem": "reads", "Query REVOKED": "polls", "Query JWKS": "keys"}


@dataclass
class Environment:
    """One environment of a mode on a machine: what it has denied while its token would else have been good.

    `seen_at`: what its clock said at its last request. `set_back`: by how much it was set back since the last poll, as
    far as the environment cannot have noticed. `is_off`: it is so far ahead that polls look back to where writers have
    not come yet: then nothing is promised, until it is set back.
    """

    mode: str
    number: int
    denied: set[Token] = field(default_factory=set)
    told_new_roles: set[Token] = field(default_factory=set)
    seen_at: int = 0
    set_back: int = 0
    is_off: bool = False

    def sees(self, now: int, answered: Answered, *, is_failing: bool) -> None:
        """Take note of what its clock said at a request that asks for revocations. Going back is noticed."""
        if now < self.seen_at or (not is_failing and any("REVOKED" in call for call in answered.calls)):
            self.set_back = 0
        self.seen_at = now


@dataclass
class Ledger:
    """Judges answers."""

    shards: int
    lags: dict[tuple[str, str], dict[tuple[Token, int], int]] = field(default_factory=lambda: defaultdict(dict))
    longest_while_failing: Counter[tuple[str, str]] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    calls: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def judge(self, environment: Environment, token: Token, answered: Answered, *, offset: int) -> None:
        """Hold an answer against the promise. `offset`: of the machine's clock."""
        self._count(environment.mode, answered)
        at = (environment.mode, token, answered, offset)
        is_failing = answered.refused_ago < PAUSE_MS
        now = answered.began + offset
        is_over = now // SECOND >= token.exp
        environment.is_off = offset >= OVERLAP_MS
        if not is_over:
            environment.sees(now, answered, is_failing=is_failing)
        if answered.verdict == "raise":
            assert is_failing, at
        elif is_over:
            assert answered.verdict == "deny", at
        elif not token.is_dying or environment.mode == "stateless":
            assert answered.verdict == "allow", at
            self._judge_roles(environment, token, answered, is_failing=is_failing)
        elif answered.verdict == "deny":
            environment.denied.add(token)
        else:
            assert token not in environment.denied, ("back to life", at)
        if answered.verdict == "allow" and token.died_at is not None:
            self._note_lag(environment, token, answered.began - token.died_at, is_failing=is_failing)

    def _judge_roles(self, environment: Environment, token: Token, answered: Answered, *, is_failing: bool) -> None:
        knows_roles = environment.mode in {"strict", "bounded, with roles"}
        if not knows_roles:
            assert not answered.roles
        elif token.kind != ROLES:
            assert answered.roles == OLD_ROLES
        elif answered.roles == NEW_ROLES:
            environment.told_new_roles.add(token)
        else:
            assert answered.roles == OLD_ROLES
            assert token not in environment.told_new_roles
            if token.roles_changed_at is not None:
                self._note_lag(environment, token, answered.began - token.roles_changed_at, is_failing=is_failing)

    def _note_lag(self, environment: Environment, token: Token, lag: int, *, is_failing: bool) -> None:
        mode = environment.mode
        if environment.is_off and mode.startswith("bounded"):
            return
        bound = _bound(environment, is_failing=is_failing)
        assert lag <= bound, f"{token.kind}: allowed {lag} ms after, in {mode}, failing: {is_failing}"
        if is_failing and mode != "stateless":
            longest = self.longest_while_failing
            longest[mode, token.kind] = max(lag, longest[mode, token.kind])
        else:
            lags = self.lags[mode, token.kind]
            lags[token, environment.number] = max(lag, lags.get((token, environment.number), 0))

    def _count(self, mode: str, answered: Answered) -> None:
        self.asked[mode] += 1
        self.verdicts[mode, answered.verdict] += 1
        calls = Counter(name for call in answered.calls for name in _CALLS if call.startswith(name))
        assert sum(calls.values()) == len(answered.calls)
        assert calls["BatchGetItem"] <= (mode in {"strict", "bounded, with roles"}), answered
        assert calls["Query REVOKED"] <= (self.shards if mode.startswith("bounded") else 0), answered
        assert calls["Query JWKS"] <= 1
        if mode == "strict" and answered.verdict == "allow":
            assert calls["BatchGetItem"] == 1
        self.calls[mode].update(calls)

    def longest(self, mode: str) -> int:
        """Say how long a revocation was unknown at the most, while no call failed. 0 if it never was."""
        return max((lag for (of, _), lags in self.lags.items() if of == mode for lag in lags.values()), default=0)

    def table(self, revocations: Counter[str]) -> Iterator[str]:
        """Say what was seen, a line for each mode and kind. Lags in seconds."""
        yield f"{'mode':20}{'kind':22}{'times':>6}{'median':>9}{'longest':>9}{'failing':>9}{'bound':>7}"
        bounds = {"stateless": "exp", "strict": "0"}
        for mode in MODES:
            for kind in KINDS:
                if kind == ROLES and mode in {"stateless", "bounded"}:
                    continue
                lags = self.lags[mode, kind].values()
                middle, longest = (f"{median(lags) / SECOND:.3f}", f"{max(lags) / SECOND:.3f}") if lags else ("-", "-")
                failing = self.longest_while_failing.get((mode, kind))
                worst = f"{failing / SECOND:.3f}" if failing is not None else "-"
                bound = bounds.get(mode, f"{POLL // SECOND}")
                yield f"{mode:20}{kind:22}{revocations[kind]:>6}{middle:>9}{longest:>9}{worst:>9}{bound:>7}"
        for mode in MODES:
            asked = self.asked[mode]
            per = ", ".join(f"{self.calls[mode][call] / asked:.3f} {name}" for call, name in _CALLS.items())
            seen = ", ".join(f"{self.verdicts[mode, verdict]} {verdict}" for verdict in ("allow", "deny", "raise"))
            yield f"{mode:20}{asked} authorizations: {seen}; calls for each: {per}"


def _bound(environment: Environment, *, is_failing: bool) -> int:
    """Say for how long after its answer a revocation may be unknown, in milliseconds. -1: not at all."""
    match environment.mode:
        case "strict":
            return -1
        case "stateless":
            return _LIFE + MINUTE  # `exp` to the second is judged by the environment's clock, above
        case _:
            return (STALENESS if is_failing else POLL) + environment.set_back
