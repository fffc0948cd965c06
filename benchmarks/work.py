"""Logins and refreshes of warm functions, in RSA signatures, beside Argon2 alone and two libraries.

The libraries answer the same requests with the same Argon2, the same PyJWT and an RSA key of the same size, called
without a server, on SQLite in memory. So they pay for no connection to a database; we pay for ours.
"""

import json
from contextlib import ExitStack

from benchmarks.environments import OF_PEERS, Place, about, make_ready, time
from benchmarks.measured import Group, Times, group
from dev import demo
from dev.sam_local.events import Event
from tests.support.emulator import Emulator

REQUESTS = 15
SIGNATURE, HASH = "an RSA signature", "Argon2 of a password"
BESIDE_ARGON2 = "login, beside Argon2"
_BUDGETS = {BESIDE_ARGON2: 25, "refresh, rotated": 8}

_DEMO = {"email": demo.EMAIL, "password": demo.PASSWORD}
_PEER_LOGINS = {
    "fastapi_users": {"method": "POST", "path": "/login", "form": {"username": demo.EMAIL, "password": demo.PASSWORD}},
    "flask_jwt_extended": {"method": "POST", "path": "/login", "body": _DEMO},
}


def measure(place: Place, rounds: int) -> Group:
    """Let everything take turns. A login is of a new user, who has no other sessions."""
    names = (SIGNATURE, HASH, "login", "refresh, rotated", "refresh, converged", "a check of the session, strict")
    times = {name: Times() for name in names}
    with ExitStack() as running:
        alone = running.enter_context(place.other("alone", REVOCATION_MODE="stateless").running())
        login, refresh = (running.enter_context(place.ours(name).running()) for name in ("Login", "Refresh"))
        strict = running.enter_context(place.ours("Authorizer", REVOCATION_MODE="strict").running())
        peers = {name: running.enter_context(place.other(name, OF_PEERS).running()) for name in _PEER_LOGINS}
        (token,) = place.new_tokens(1)
        make_ready(login, place.new_login())
        make_ready(strict, about(token))
        for name, peer in peers.items():
            make_ready(peer, dict(_PEER_LOGINS[name]))
        for _ in range(rounds):
            times[SIGNATURE].cpu.append(alone.invoke({"way": "signature", "times": 200, "tokens": [token]}))
            times[HASH].cpu.append(alone.invoke({"way": "argon2", "times": REQUESTS, "tokens": []}))
            time(times["login"], login, [place.new_login() for _ in range(REQUESTS)])
            _refresh(place, refresh, times)
            time(times["a check of the session, strict"], strict, [about(token)] * REQUESTS)
            for name, peer in peers.items():
                _ask_peer(name, peer, times)
    beside = times["login"].minus(times[HASH])
    return group({SIGNATURE: times.pop(SIGNATURE), **times, BESIDE_ARGON2: beside}, _BUDGETS)


def _refresh(place: Place, refresh: Emulator, times: dict[str, Times]) -> None:
    """Refresh sessions that have been quiet for long, then each once more with the token before: it converges."""
    rotated = [place.event("refresh_rotated") for _ in range(REQUESTS)]
    make_ready(refresh, place.event("refresh_rotated"))  # reads keys again where that is due
    time(times["refresh, rotated"], refresh, rotated)
    time(times["refresh, converged"], refresh, rotated)


def _ask_peer(name: str, peer: Emulator, times: dict[str, Times]) -> None:
    logins: list[Event] = [dict(_PEER_LOGINS[name])] * REQUESTS
    pairs = [json.loads(answer["body"]) for answer in time(_of(times, name, "login"), peer, logins)]
    if "refresh_token" in pairs[0]:
        refreshes = [{"method": "POST", "path": "/refresh", "token": pair["refresh_token"]} for pair in pairs]
        time(_of(times, name, "refresh"), peer, refreshes)
    reads = [{"method": "GET", "path": "/me", "token": pair["access_token"]} for pair in pairs]
    time(_of(times, name, "a check of the user"), peer, reads)


def _of(times: dict[str, Times], peer: str, operation: str) -> Times:
    return times.setdefault(f"{peer.replace('_', '-')}: {operation}", Times())
