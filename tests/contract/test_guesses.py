"""What every store of failures in a row promises, and every store of sessions that counts logins."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from sallyport.accounts.guesses import GuessStore, seconds_to_wait
from sallyport.accounts.throttle import key_of_address
from sallyport.accounts.user import User
from sallyport.errors import TooManyAttempts
from sallyport.identifiers import new_id
from sallyport.sessions.rotation import opened
from tests.contract.test_items import RawItems
from tests.support.builders import DAY, NOW, SECOND, a_session, a_user, an_audit
from tests.support.logging_in import admission_of
from tests.support.stores import Stores

NOW_MS = NOW * SECOND


@pytest.fixture
def guesses(stores: Stores) -> GuessStore:
    return stores.guesses


@pytest.fixture
def key() -> str:
    return f"email:{new_id()}@example.com"


@pytest.fixture
def owner(stores: Stores) -> User:
    user = a_user()
    assert stores.accounts.create(user, "hash", an_audit(user))
    return user


def failed(guesses: GuessStore, key: str, times: int) -> int:
    """Fail so often in a row, each as soon as it is allowed, and return the millisecond of the last failure."""
    now_ms = NOW_MS
    for n in range(times):
        now_ms += seconds_to_wait(n) * SECOND
        assert guesses.reserve(key, now_ms=now_ms) == 0
    return now_ms


def test_five_failures_are_free_and_a_wait_follows_the_fifth(guesses: GuessStore, key: str) -> None:
    assert [guesses.reserve(key, now_ms=NOW_MS) for _ in range(7)] == [0, 0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize(
    "failures", [5, 15, 99, *(pytest.param(n, marks=pytest.mark.only_in_check) for n in (6, 9, 14, 16, 50))]
)
def test_a_wait_ends_to_the_millisecond(guesses: GuessStore, key: str, failures: int) -> None:
    last, wait = failed(guesses, key, failures), seconds_to_wait(failures)

    assert guesses.reserve(key, now_ms=last) == wait
    assert guesses.reserve(key, now_ms=last + wait * SECOND - 1) == 1
    assert guesses.reserve(key, now_ms=last + wait * SECOND) == 0


def test_after_a_hundred_failures_no_wait_helps(guesses: GuessStore, key: str) -> None:
    last = failed(guesses, key, 100)

    assert guesses.reserve(key, now_ms=last + 365 * DAY * SECOND) == 900


def test_a_clock_that_was_ahead_makes_no_wait_longer(guesses: GuessStore, key: str) -> None:
    last = failed(guesses, key, 6)

    assert guesses.reserve(key, now_ms=last - 3600 * SECOND) == 2


def test_what_is_given_back_was_no_failure_and_never_more_than_there_was(guesses: GuessStore, key: str) -> None:
    guesses.give_back(key)
    failed(guesses, key, 4)

    guesses.give_back(key)

    assert [guesses.reserve(key, now_ms=NOW_MS) for _ in range(3)] == [0, 0, 1]


def test_more_is_never_given_back_than_was_counted(guesses: GuessStore, key: str) -> None:
    failed(guesses, key, 1)
    for _ in range(3):
        guesses.give_back(key)

    assert [guesses.reserve(key, now_ms=NOW_MS) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_a_cleared_counter_begins_anew_and_nothing_is_cleared_where_nothing_is(guesses: GuessStore, key: str) -> None:
    guesses.clear(key, now=NOW)
    guesses.give_back(key)
    failed(guesses, key, 100)

    guesses.clear(key, now=NOW)

    assert [guesses.reserve(key, now_ms=NOW_MS) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def opened_by(stores: Stores, user: User, *, now_ms: int = NOW_MS, counter: str | None = None) -> int:
    """Log a user in whose account may do so three times at once. Return the seconds to wait if it may not."""
    admission = admission_of(
        user, counter=counter, logins=3, full_at_ms=stores.accounts.find(user.email).logins_full_at_ms
    )
    try:
        assert stores.openings.open(a_session(user, rotation=opened(now_ms)), admission)
    except TooManyAttempts as refused:
        return refused.retry_after or -1
    return 0


def test_an_account_logs_in_as_often_as_its_bucket_holds(stores: Stores, owner: User) -> None:
    assert [opened_by(stores, owner) for _ in range(5)] == [0, 0, 0, 30, 30]
    assert opened_by(stores, owner, now_ms=NOW_MS + 29_999) == 1
    assert [opened_by(stores, owner, now_ms=NOW_MS + 30_000) for _ in range(2)] == [0, 30]
    assert [opened_by(stores, owner, now_ms=NOW_MS + DAY * SECOND) for _ in range(4)] == [0, 0, 0, 30]


def test_a_refused_login_opens_no_session_and_clears_nothing(stores: Stores, owner: User) -> None:
    for _ in range(3):
        opened_by(stores, owner)
    failed(stores.guesses, key_of_address(owner.email), 5)

    opened_by(stores, owner)

    assert len(stores.sessions.of_user(owner.user_id)) == 3
    assert stores.guesses.reserve(key_of_address(owner.email), now_ms=NOW_MS) == 1


@pytest.mark.parametrize("full_at_ms", [0, NOW_MS - 1, NOW_MS + 30_000, NOW_MS + 45_000, NOW_MS + DAY * SECOND])
def test_a_bucket_that_moved_since_it_was_read_is_read_again(stores: Stores, owner: User, full_at_ms: int) -> None:
    for _ in range(2):
        opened_by(stores, owner)
    stale = replace(admission_of(owner, logins=3), full_at_ms=full_at_ms)

    assert stores.openings.open(a_session(owner), stale)

    assert opened_by(stores, owner) == 30


@pytest.mark.parametrize("full_at_ms", [0, NOW_MS + 30_000])
def test_a_first_login_needs_no_bucket(stores: Stores, owner: User, full_at_ms: int) -> None:
    stale = replace(admission_of(owner, logins=3), full_at_ms=full_at_ms)

    assert stores.openings.open(a_session(owner), stale)

    assert [opened_by(stores, owner) for _ in range(3)] == [0, 0, 30]


def test_a_login_clears_the_counter_that_it_counted_on_and_no_other(stores: Stores, owner: User) -> None:
    account, device = key_of_address(owner.email), f"device:{new_id()}"
    for counter in (account, device):
        failed(stores.guesses, counter, 5)

    opened_by(stores, owner, counter=device)

    assert stores.guesses.reserve(account, now_ms=NOW_MS) == 1
    assert stores.guesses.reserve(device, now_ms=NOW_MS) == 0
    opened_by(stores, owner)
    assert stores.guesses.reserve(account, now_ms=NOW_MS) == 0


def test_a_user_who_is_not_as_needed_is_neither_counted_nor_cleared(stores: Stores, owner: User) -> None:
    failed(stores.guesses, key_of_address(owner.email), 5)

    assert not stores.openings.open(a_session(owner, ver=2), admission_of(owner))

    assert stores.accounts.find(owner.email).logins_full_at_ms == 0
    assert stores.guesses.reserve(key_of_address(owner.email), now_ms=NOW_MS) == 1


def set_by_the_operator(stores: Stores, owner: User) -> None:
    assert stores.accounts.set_password(owner, "another hash", an_audit(owner, NOW_MS))


def deleted(stores: Stores, owner: User) -> None:
    assert stores.accounts.delete(owner, an_audit(owner, NOW_MS))


@pytest.mark.only_in_check
@pytest.mark.parametrize("change", [set_by_the_operator, deleted])
def test_an_operator_lets_the_owner_of_a_hammered_account_in_again(
    stores: Stores, owner: User, change: Callable[[Stores, User], None]
) -> None:
    failed(stores.guesses, key_of_address(owner.email), 100)

    change(stores, owner)

    assert stores.guesses.reserve(key_of_address(owner.email), now_ms=NOW_MS) == 0


def test_a_counter_names_nobody_and_ends_a_month_after_its_last_write(
    dynamodb_stores: Stores, raw_items: RawItems, key: str
) -> None:
    dynamodb_stores.guesses.reserve(key, now_ms=NOW_MS)

    (item,) = raw_items(f"THROTTLE#{sha256(key.encode()).hexdigest()}")
    assert item.keys() == {"PK", "SK", "failures", "failed_at", "ttl"}
    assert (item["SK"], item["ttl"]) == ({"S": "login"}, {"N": str(NOW + 30 * DAY)})
    dynamodb_stores.guesses.clear(key, now=NOW + 60)
    assert raw_items(f"THROTTLE#{sha256(key.encode()).hexdigest()}") == [
        {"PK": item["PK"], "SK": {"S": "login"}, "ttl": {"N": str(NOW + 60 + 30 * DAY)}}
    ]
