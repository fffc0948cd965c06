"""A year and more in the life of the key rings: never zero or two active keys, no honest token refused."""

from collections import deque
from dataclasses import dataclass, field

import pytest

from sallyport.audit import by_system
from sallyport.keys.life_cycle import (
    KEEP_REFRESH_KEY_SECONDS,
    PUBLISHED_BEFORE_USE_SECONDS,
    ROTATION_SECONDS,
    Algorithm,
    KeyRecord,
    Policy,
    active,
    keep_access_key,
)
from sallyport.keys.make import NewKey, new_key
from sallyport.use_cases import rotate_keys as rotate
from sallyport.use_cases.rotate_keys import RotateKeys
from tests.support.builders import DAY, NOW, SECOND
from tests.support.fakes import FakeKms, FakeRings

HOUR = 3600
ACCESS_LIFE = 3600
SESSION_LIFE = 400 * DAY  # the longest that any setting allows
SKEW = 30
READ_A_MINUTE_AGO = 60


@dataclass
class World:
    """The ring of one use as it changes, and as others saw it a while ago."""

    policy: Policy
    token_life: int
    store: FakeRings = field(default_factory=FakeRings)
    now: int = NOW
    signing: str = ""
    last_signed: dict[str, int] = field(default_factory=dict)
    seen_two_hours_ago: deque[tuple[int, frozenset[str]]] = field(default_factory=deque)

    def run_rotate_keys(self) -> None:
        RotateKeys({"refresh": self.policy}, self.store, FakeKms(), lambda: self.now * SECOND).keep(
            "refresh", by_system()
        )

    def records(self) -> list[KeyRecord]:
        return list(self.store.ring.keys.values())

    def issue(self) -> None:
        """Sign by three environments: one on time, one with a slow clock, one that read the ring a minute ago."""
        for clock in (self.now, self.now - SKEW, self.now - READ_A_MINUTE_AGO):
            signing = active(self.records(), now=clock)
            assert signing is not None
            self.last_signed[signing.kid] = self.now
            self.signing = signing.kid

    def check_every_live_token(self) -> None:
        self.last_signed = {kid: at for kid, at in self.last_signed.items() if at + self.token_life > self.now}
        assert self.last_signed.keys() <= self.store.ring.keys.keys(), (
            "an honest token met a verifier that had forgotten its key"
        )

    def check_native_gateways(self) -> None:
        """A gateway may judge by a key set that it fetched two hours ago."""
        self.seen_two_hours_ago.append((self.now, frozenset(self.store.ring.keys)))
        while self.seen_two_hours_ago[0][0] < self.now - PUBLISHED_BEFORE_USE_SECONDS:
            self.seen_two_hours_ago.popleft()
        oldest_view = self.seen_two_hours_ago[0][1]
        assert self.signing in oldest_view, "a gateway met a key that it could not know yet"


WORLDS = {
    "access": lambda: World(Policy("RS256", keep_access_key(ACCESS_LIFE)), ACCESS_LIFE),
    "refresh": lambda: World(Policy("HS256", KEEP_REFRESH_KEY_SECONDS), SESSION_LIFE),
}


@pytest.fixture(params=["access", "refresh"])
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]()


@pytest.mark.parametrize("days_between_runs", [1, 7, 100])
def test_until_the_first_keys_are_long_dropped(
    world: World, days_between_runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cheap_keys(monkeypatch)
    for hour in range(world.policy.keep_seconds // HOUR + 200 * 24):
        world.now = NOW + hour * HOUR
        if hour % (24 * days_between_runs) == 0:
            world.run_rotate_keys()
            world.run_rotate_keys()  # the schedule delivers at least once
        world.issue()
        world.check_every_live_token()
        if days_between_runs <= 7:
            world.check_native_gateways()
    kept_for = world.policy.keep_seconds // ROTATION_SECONDS + 1
    assert len(world.records()) <= kept_for + 3, "old keys stay for ever"


def test_an_emergency_in_the_middle_of_it_logs_nobody_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap_keys(monkeypatch)
    for hour in range(60 * 24):
        world.now = NOW + hour * HOUR
        if hour % 24 == 0:
            world.run_rotate_keys()
        if hour in (500, 550):
            rings = RotateKeys({"refresh": world.policy}, world.store, FakeKms(), lambda: world.now * SECOND)
            assert rings.promote("refresh", by_system(), drop_older=False).promote
            world.run_rotate_keys()
        world.issue()
        world.check_every_live_token()
        world.check_native_gateways()


def test_a_change_of_algorithm_logs_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    make_cheap_keys(monkeypatch)
    world = WORLDS["access"]()
    for hour in range(10 * 24):
        world.now = NOW + hour * HOUR
        if hour == 100:
            world.policy = Policy("ES256", world.policy.keep_seconds)
        if hour % 10 == 0:
            world.run_rotate_keys()
        world.issue()
        world.check_every_live_token()
        world.check_native_gateways()

    signing = active(world.records(), now=world.now)
    assert signing is not None
    assert signing.alg == "ES256"


def make_cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of days must not wait for RSA."""

    def cheap(alg: Algorithm) -> NewKey:
        made = new_key("HS256")
        return NewKey(made.kid, alg, made.secret, None)

    monkeypatch.setattr(rotate, "new_key", cheap)
