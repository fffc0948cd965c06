"""Cold starts: from the start of a function's process to its first answer, and how much of that is its import.

Kinds of environment take turns, so whatever else the machine does, it does to all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.environments import MODES, OF_THE_USUAL, Kind, Place, cpu_of_import, time
from benchmarks.measured import Group, Times, group
from dev.sam_local.events import Event

_OTHERS = {
    "refresh": ("refresh_rotated", 5),
    "logout": ("logout_ended", 5),
    "account": ("account_described", 5),
    "register": ("register_verification_sent", None),
    "password": ("password_reset_sent", None),
    "wellknown": ("wellknown_key_set", None),
}
"""The event that each function is asked about, and how many times the constant's CPU it may use."""


@dataclass(frozen=True)
class Start:
    """What is started, what makes an event that it answers well, and its budget."""

    kind: Kind
    next_event: Callable[[], Event]
    budget: float | None = None


def starts(place: Place) -> dict[str, Start]:
    """Return what is started, by its name, the constant handler first."""
    allowed = partial(place.event, "authorizer_allowed")
    found = {"constant": Start(place.other("constant"), allowed)}
    for mode in MODES:
        found[f"authorizer, {mode}"] = Start(place.ours("Authorizer", REVOCATION_MODE=mode), allowed, 2.5)
    for mode in ("stateless", "strict"):
        usual = place.other("usual_authorizer", OF_THE_USUAL, REVOCATION_MODE=mode)
        found[f"a usual authorizer, {mode}"] = Start(usual, allowed)
    for mode in MODES:
        verify = place.ours("Verify", REVOCATION_MODE=mode)
        found[f"verify, {mode}"] = Start(verify, partial(_asking_for_no_role, place), 2.5)
    found["login"] = Start(place.ours("Login"), place.new_login, 6)
    found["a usual login"] = Start(place.other("usual_login", OF_THE_USUAL), place.new_login)
    for name, (event, budget) in _OTHERS.items():
        found[name] = Start(place.ours(name.capitalize()), partial(place.event, event), budget)
    return found


def _asking_for_no_role(place: Place) -> Event:
    """Return an event for verify. In `stateless` it knows no roles, and refuses to be asked for one."""
    event = place.event("verify_allowed")
    return {**event, "rawQueryString": "", "queryStringParameters": {}}


def measure(place: Place, rounds: int) -> Group:
    """Start each so often. Each asks about a session of its own."""
    found = starts(place)
    times = {name: Times() for name in found}
    for _ in range(rounds):
        for name, start in found.items():
            event = start.next_event()
            with start.kind.running(timed=True) as emulator:
                time(times[name], emulator, [event])
                times[name].imported.append(cpu_of_import(emulator) * 1000)
    return group(times, {name: start.budget for name, start in found.items()})
