"""Warm authorizers: what a request costs an environment that has its keys, for a token seen before and for a new one.

A `bounded` one has just polled, so what it finds out about revocations is in memory.
"""

from contextlib import ExitStack

from benchmarks.environments import MODES, OF_THE_USUAL, Place, about, make_ready, time
from benchmarks.measured import Group, Times, group

REQUESTS = 150
NEW = ", new token"
_BUDGETS = {"stateless": 1.3, "bounded": 1.3, "strict": 4}


def measure(place: Place, rounds: int) -> Group:
    """Ask every kind in turn: about one token again and again, then about as many that it has never seen."""
    kinds = {"constant": place.other("constant")}
    for mode in MODES:
        kinds[f"authorizer, {mode}"] = place.ours("Authorizer", REVOCATION_MODE=mode)
    for mode in ("stateless", "strict"):
        kinds[f"a usual authorizer, {mode}"] = place.other("usual_authorizer", OF_THE_USUAL, REVOCATION_MODE=mode)
    times = {name: Times() for name in kinds}
    times |= {f"authorizer, {mode}{NEW}": Times() for mode in MODES}
    (known,) = map(about, place.new_tokens(1))
    with ExitStack() as running:
        emulators = {name: running.enter_context(kind.running()) for name, kind in kinds.items()}
        for emulator in emulators.values():
            make_ready(emulator, known)
        for _ in range(rounds):
            unseen = [about(token) for token in place.new_tokens(REQUESTS)]
            for name, emulator in emulators.items():
                make_ready(emulator, known)  # polls where a poll is due
                time(times[name], emulator, [known] * REQUESTS)
                if name + NEW in times:
                    time(times[name + NEW], emulator, unseen)
    return group(times, {f"authorizer, {mode}": budget for mode, budget in _BUDGETS.items()})
