"""What every throttle store promises."""

from hashlib import sha256

import pytest

from sallyport.accounts.throttle import Allowance, Bucket, ThrottleStore
from sallyport.identifiers import new_id
from tests.contract.test_items import RawItems
from tests.support.builders import DAY, NOW, SECOND
from tests.support.stores import Stores

BUCKET = Bucket("mail", 5, 600)
ALLOWANCE = Allowance("codes", 25, DAY)
NOW_MS = NOW * SECOND


@pytest.fixture
def throttle(stores: Stores) -> ThrottleStore:
    return stores.throttle


@pytest.fixture
def key() -> str:
    return f"email:{new_id()}@example.com"


def taken(throttle: ThrottleStore, key: str, times: int, *, now_ms: int = NOW_MS) -> list[int]:
    return [throttle.take(key, BUCKET, now_ms=now_ms) for _ in range(times)]


def test_a_full_bucket_gives_as_many_as_it_holds_and_then_says_for_how_long_it_is_empty(
    throttle: ThrottleStore, key: str
) -> None:
    assert taken(throttle, key, 7) == [0, 0, 0, 0, 0, 600, 600]


def test_one_comes_back_when_its_time_has_passed_and_no_millisecond_sooner(throttle: ThrottleStore, key: str) -> None:
    taken(throttle, key, 5)

    assert taken(throttle, key, 1, now_ms=NOW_MS + 599_999) == [1]
    assert taken(throttle, key, 2, now_ms=NOW_MS + 600_000) == [0, 600]


def test_a_bucket_never_holds_more_than_its_size(throttle: ThrottleStore, key: str) -> None:
    taken(throttle, key, 1)

    assert taken(throttle, key, 6, now_ms=NOW_MS + 30 * DAY * SECOND) == [0, 0, 0, 0, 0, 600]


def test_what_is_refused_takes_nothing(throttle: ThrottleStore, key: str) -> None:
    taken(throttle, key, 50)

    assert taken(throttle, key, 1, now_ms=NOW_MS + 600_000) == [0]


def test_keys_and_scopes_have_buckets_of_their_own(throttle: ThrottleStore, key: str) -> None:
    taken(throttle, key, 5)

    assert throttle.take(f"{key}.org", BUCKET, now_ms=NOW_MS) == 0
    assert throttle.take(key, Bucket("attempts", 5, 600), now_ms=NOW_MS) == 0


def reserved(throttle: ThrottleStore, key: str, times: int, *, now: int = NOW) -> int:
    return sum(throttle.reserve(key, ALLOWANCE, now_ms=now * SECOND) for _ in range(times))


def test_an_allowance_is_spent_until_a_day_after_the_first_failure(throttle: ThrottleStore, key: str) -> None:
    assert reserved(throttle, key, 1) == 1
    assert reserved(throttle, key, 30, now=NOW + 3600) == 24
    assert reserved(throttle, key, 1, now=NOW + DAY - 1) == 0
    assert reserved(throttle, key, 30, now=NOW + DAY) == 25


def test_what_is_given_back_can_be_reserved_again_and_never_more(throttle: ThrottleStore, key: str) -> None:
    throttle.give_back(key, ALLOWANCE)
    reserved(throttle, key, 25)

    throttle.give_back(key, ALLOWANCE)

    assert reserved(throttle, key, 2) == 1


def test_a_key_cannot_be_read_from_its_counter_which_ends_after_a_month(
    dynamodb_stores: Stores, raw_items: RawItems, key: str
) -> None:
    dynamodb_stores.throttle.take(key, BUCKET, now_ms=NOW_MS)

    (item,) = raw_items(f"THROTTLE#{sha256(key.encode()).hexdigest()}")
    assert item.keys() == {"PK", "SK", "tat", "ttl"}
    assert (item["SK"], item["ttl"]) == ({"S": "mail"}, {"N": str(NOW + 30 * DAY)})
