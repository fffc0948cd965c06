"""Simulated days over real HTTP: the server's clock is moved, so that a month of refreshes takes seconds."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

import httpx

from dev import demo
from tests.support.tokens import unverified_claims

DAY = 86_400
MONTH = 30 * DAY
USES_PER_DAY = 2

Actor: TypeAlias = Iterator[int]
"""Does something each time it is asked to go on, and yields for how many seconds it then rests."""


@dataclass(frozen=True)
class Answer:
    """What a refresh came back with. `token` with 200 only."""

    status: int
    token: str = ""


@dataclass
class World:
    """The server, and the time since the beginning in seconds."""

    http: httpx.Client
    now: int = 0

    def log_in(self) -> str:
        return self._token(self._post("/auth/login", {"email": demo.EMAIL, "password": demo.PASSWORD})).token

    def refresh(self, token: str) -> Answer:
        return self._token(self._post("/auth/refresh", {"refresh_token": token}))

    def run(self, actors: Sequence[Actor], seconds: int) -> None:
        """Let the actors act, each when its rest is over, until so much time has passed."""
        end = self.now + seconds
        agenda = [(self.now, number, actor) for number, actor in enumerate(actors)]
        while agenda[0][0] < end:
            time, number, actor = heapq.heappop(agenda)
            if time > self.now:
                assert self._post("/_dev/clock", {"advance_seconds": time - self.now}).status_code == 200
                self.now = time
            heapq.heappush(agenda, (time + next(actor), number, actor))

    def _post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(path, json=body)

    def _token(self, answer: httpx.Response) -> Answer:
        assert answer.status_code in (200, 401, 409), answer.text
        return Answer(answer.status_code, answer.json().get("refresh_token", ""))


@dataclass
class Store:
    """Where a client keeps its refresh token, and what it went through."""

    world: World
    token: str = ""
    refreshed: int = 0
    logged_out_at: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.token = self.world.log_in()

    def heed(self, sent: str, answer: Answer) -> None:
        """Act on an answer, as docs/clients.md says: only if the token that was sent still is the current one."""
        if self.token == sent:
            self.obey(answer)

    def obey(self, answer: Answer) -> None:
        """Act on an answer whatever has happened in between."""
        if answer.status == 200:
            self.refreshed += 1
            self.token = answer.token
        elif answer.status == 401:
            self.logged_out_at.append(self.world.now)
            self.token = self.world.log_in()


def pause(rng: Random, per_day: int) -> int:
    """Rest until the next use of the app: at least eight minutes, which is 80 % of an access token's life."""
    return 480 + int(rng.expovariate(per_day / DAY))


def generation(token: str) -> int:
    return int(unverified_claims(token)["gen"])
