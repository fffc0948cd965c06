"""How long an environment trusts the keys that it remembers."""

from dataclasses import dataclass, field

import pytest

from sallyport.errors import InvalidToken, Unavailable
from sallyport.keys.ring import CachedRing
from tests.support.builders import SECOND


@dataclass
class FakeRing:
    keys: dict[str, str]


@dataclass
class Database:
    """Answers its keys, counts the readings, fails when told to."""

    keys: dict[str, str] = field(default_factory=lambda: {"old": "key"})
    fails: bool = False
    readings: int = 0
    now_ms: int = 1_000_000

    def read(self) -> FakeRing:
        self.readings += 1
        if self.fails:
            raise Unavailable("dynamodb")
        return FakeRing(dict(self.keys))

    def clock(self) -> int:
        return self.now_ms


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def ring(database: Database) -> CachedRing[FakeRing]:
    return CachedRing(database.read, database.clock)


def test_nothing_is_read_before_it_is_needed(database: Database, ring: CachedRing[FakeRing]) -> None:
    assert database.readings == 0
    ring.current()
    assert database.readings == 1


def test_it_is_read_again_after_a_minute_and_not_before(database: Database, ring: CachedRing[FakeRing]) -> None:
    ring.current()

    database.now_ms += 60 * SECOND - 1
    ring.current()
    assert database.readings == 1

    database.now_ms += 1
    ring.current()
    assert database.readings == 2


def test_a_clock_that_was_set_back_causes_a_reading(database: Database, ring: CachedRing[FakeRing]) -> None:
    ring.current()
    database.now_ms -= 3600 * SECOND
    ring.current()

    assert database.readings == 2


def test_a_new_kid_is_found_by_one_reading(database: Database, ring: CachedRing[FakeRing]) -> None:
    ring.current()
    database.now_ms += 10 * SECOND
    database.keys["new"] = "key"

    assert ring.require("new").keys["new"] == "key"
    assert database.readings == 2


def test_a_thousand_unknown_kids_cost_one_reading_in_ten_seconds(
    database: Database, ring: CachedRing[FakeRing]
) -> None:
    ring.current()
    database.now_ms += 10 * SECOND
    for number in range(1000):
        database.now_ms += 9
        with pytest.raises(InvalidToken):
            ring.require(f"unknown-{number}")

    assert database.readings == 2


def test_known_keys_stay_good_while_the_database_is_away(database: Database, ring: CachedRing[FakeRing]) -> None:
    ring.current()
    database.fails = True
    database.now_ms += 3600 * SECOND

    assert ring.require("old").keys["old"] == "key"


def test_an_unknown_kid_is_unavailable_not_invalid_while_the_database_is_away(
    database: Database, ring: CachedRing[FakeRing]
) -> None:
    ring.current()
    database.fails = True
    database.now_ms += 3600 * SECOND

    for _ in range(3):  # also while no further reading is allowed
        with pytest.raises(Unavailable):
            ring.require("new")
    assert database.readings == 2


def test_it_recovers_by_itself(database: Database, ring: CachedRing[FakeRing]) -> None:
    database.fails = True
    with pytest.raises(Unavailable):
        ring.require("old")
    database.fails = False

    assert ring.require("old").keys["old"] == "key"


def test_a_removed_key_is_forgotten_within_a_minute(database: Database, ring: CachedRing[FakeRing]) -> None:
    ring.require("old")
    database.keys = {"new": "key"}
    database.now_ms += 60 * SECOND

    with pytest.raises(InvalidToken):
        ring.require("old")
