"""Guesses and logins at the same moment: however many come, no more are compared than one after another. L13, L28."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from sallyport.accounts.hashing import Parameters, Passwords, Verdict
from sallyport.accounts.password import NormalPassword, normal
from sallyport.accounts.throttle import key_of_address
from sallyport.accounts.user import User
from sallyport.errors import SallyportError
from sallyport.sessions.session import Device
from sallyport.use_cases.log_in import Attempt, LogIn
from tests.races.arena import Arena, at_once
from tests.races.people import People, an_address
from tests.support.builders import SECOND
from tests.support.issuing import device_token_of
from tests.support.logging_in import login_over

CROWDS = [9, 60]

RIGHT, WRONG = normal("correct horse battery staple"), normal("a guess")
HERE = Device(ip="192.0.2.1", user_agent="a script")


class Compared(Passwords):
    """Notes how many passwords were compared, with a stored hash or a decoy."""

    def __init__(self) -> None:
        super().__init__(Parameters(memory_kib=8, time_cost=1))
        self.times = 0

    def check(self, password: NormalPassword, stored: str | None) -> Verdict:
        self.times += 1
        return super().check(password, stored)


@pytest.fixture
def passwords() -> Compared:
    return Compared()


@pytest.fixture
def log_in(arena: Arena, passwords: Compared) -> LogIn:
    stores = arena.service.stores
    return login_over(
        stores.accounts,
        stores.sessions,
        stores.openings,
        stores.throttle,
        stores.guesses,
        clock=arena.service.clock,
        passwords=passwords,
        logins=20,
    )


def tried(log_in: LogIn, email: str, password: NormalPassword, device_token: str | None = None) -> str:
    try:
        log_in(Attempt(email, password, HERE, "body", device_token=device_token))
    except SallyportError as refused:
        return refused.code
    return "in"


def of_known(arena: Arena) -> str:
    return arena.service.new_user().email


def of_nobody(arena: Arena) -> str:
    return an_address()


@pytest.mark.parametrize("callers", [9, 200])
@pytest.mark.parametrize("victim", [of_known, of_nobody])
def test_l13_of_a_crowd_that_guesses_at_once_five_are_compared_then_one_after_each_wait(
    arena: Arena, log_in: LogIn, passwords: Compared, victim: Callable[[Arena], str], callers: int
) -> None:
    email = victim(arena)
    for wait, compared, crowd in [(0, 5, callers), (1, 1, 9), (2, 1, 9)]:
        arena.service.clock.now_ms += wait * SECOND
        passwords.times = 0

        answers = Counter(at_once([partial(tried, log_in, email, WRONG)] * crowd))

        assert passwords.times == compared
        assert answers.pop("invalid_credentials") == compared
        assert set(answers) <= {"too_many_attempts"}


@pytest.mark.parametrize("callers", CROWDS)
def test_l13_a_guess_among_a_crowd_does_not_get_through_beside_the_count(
    arena: Arena, log_in: LogIn, passwords: Compared, callers: int
) -> None:
    """If the right one is among the five, it clears the count: then five more may be compared, and no more."""
    user = arena.service.new_user()
    guesses = [partial(tried, log_in, user.email, WRONG)] * (callers - 1) + [partial(tried, log_in, user.email, RIGHT)]

    answers = Counter(at_once(guesses))

    assert passwords.times <= 5 + 5 * answers["in"]


@pytest.mark.parametrize("callers", CROWDS)
def test_l15_an_owner_with_a_device_token_gets_in_while_a_crowd_guesses(
    arena: Arena, log_in: LogIn, callers: int
) -> None:
    user = arena.service.new_user()
    token = device_token_of(user, now=arena.service.clock.now)
    guesses = [partial(tried, log_in, user.email, WRONG)] * callers

    *_, owner = at_once([*guesses, partial(tried, log_in, user.email, RIGHT, token)])

    assert owner == "in"


@pytest.mark.parametrize("callers", [4, 60])
def test_l28_of_a_crowd_of_sessions_for_one_account_twenty_are_opened(
    arena: Arena, log_in: LogIn, callers: int
) -> None:
    """Each device counts its failures alone, so all may come at once. The logins are those of one account."""
    user = arena.service.new_user()
    now = arena.service.clock.now
    for _ in range(18):
        assert tried(log_in, user.email, RIGHT) == "in"
    tokens = [device_token_of(user, now=now) for _ in range(callers)]

    answers = Counter(at_once([partial(tried, log_in, user.email, RIGHT, token) for token in tokens]))

    assert answers["in"] == 2 or (answers["in"] < 2 and answers["service_unavailable"])
    assert set(answers) <= {"in", "too_many_attempts", "service_unavailable"}
    assert len(sessions_of(arena, user)) == 18 + answers["in"]


@pytest.mark.parametrize("callers", CROWDS)
def test_wrong_passwords_of_one_session_are_compared_five_at_once(
    arena: Arena, passwords: Compared, callers: int
) -> None:
    people = People(arena.service, arena.service.stores, passwords)
    tokens = arena.service.open_session(arena.service.new_user())
    guess = partial(people.guess_as_caller, tokens, "a guess")

    answers = Counter(at_once([guess] * callers))

    assert answers == {"invalid_credentials": 5, "too_many_attempts": callers - 5}
    assert passwords.times == 5


def test_a_counter_survives_a_crowd_of_failures_that_are_given_back(arena: Arena) -> None:
    guesses, key = arena.service.stores.guesses, key_of_address(an_address())
    now_ms = arena.service.clock.now_ms

    def reserve_and_give_back() -> None:
        if guesses.reserve(key, now_ms=now_ms) == 0:
            guesses.give_back(key)

    at_once([reserve_and_give_back] * 9)

    assert [guesses.reserve(key, now_ms=now_ms) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def sessions_of(arena: Arena, user: User) -> list[str]:
    return [session.sid for session in arena.service.stores.sessions.of_user(user.user_id)]
