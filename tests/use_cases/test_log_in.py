"""Log in: who may try, what a try counts on, and what happens when the user changes before the session is opened."""

from dataclasses import replace

import pytest

from sallyport.accounts.guesses import GuessStore, key_of_device
from sallyport.accounts.password import normal
from sallyport.accounts.throttle import ThrottleStore, key_of_address
from sallyport.accounts.user import AccountStore, User
from sallyport.errors import ChangedMeanwhile, InvalidCredentials, TooManyAttempts, Unavailable
from sallyport.sessions.opening import OpeningStore
from sallyport.sessions.session import Device, SessionStore
from sallyport.use_cases.log_in import Attempt, LogIn
from tests.support.builders import MINUTE, SECOND, WEAK_PASSWORDS, a_user
from tests.support.calls import Calls
from tests.support.fakes import FakeOpenings, Memory
from tests.support.issuing import device_token_of, device_token_verifier
from tests.support.logging_in import login_over
from tests.support.stopped_time import Time

HERE = Device(ip="192.0.2.1", user_agent="a browser")
ELSEWHERE = Device(ip="198.51.100.1", user_agent="a script")
PASSWORD = normal("correct horse battery staple")
WRONG = normal("correct horse battery stable")


@pytest.fixture
def user(memory: Memory, user: User) -> User:
    memory.hashes[user.user_id] = WEAK_PASSWORDS.hash(PASSWORD)
    return user


@pytest.fixture
def clock() -> Time:
    return Time()


class Logins:
    """Logs in over the stores of a test. A refusal comes back as its code."""

    def __init__(self, log_in: LogIn, user: User, clock: Time) -> None:
        self.log_in = log_in
        self.clock = clock
        self._user = user

    def __call__(
        self, password: str = "right", *, email: str = "", device: Device = HERE, device_token: str | None = None
    ) -> str:
        typed = PASSWORD if password == "right" else WRONG
        try:
            self.log_in(Attempt(email or self._user.email, typed, device, "body", device_token=device_token))
        except (InvalidCredentials, TooManyAttempts) as refused:
            return f"wait {refused.retry_after}" if refused.retry_after else "wrong"
        return "in"

    def failures(self, times: int, **named: str) -> None:
        """Fail so often in a row, each as soon as it is allowed."""
        for _ in range(times):
            assert self("wrong", device=ELSEWHERE, **named) == "wrong"
            self.clock.now_ms += 900 * SECOND


@pytest.fixture
def logins(
    accounts: AccountStore,
    sessions: SessionStore,
    openings: OpeningStore,
    throttle: ThrottleStore,
    guesses: GuessStore,
    clock: Time,
    user: User,
) -> Logins:
    log_in = login_over(accounts, sessions, openings, throttle, guesses, clock=clock, attempts=200, logins=20)
    return Logins(log_in, user, clock)


def test_a_login_makes_six_calls_to_the_stores_and_one_hash(
    logins: Logins, calls: Calls, user: User, memory: Memory
) -> None:
    logins.log_in = replace(
        logins.log_in, authenticate=replace(logins.log_in.authenticate, passwords=calls.to(WEAK_PASSWORDS))
    )

    assert logins() == "in"

    assert calls.made == ["take", "find", "reserve", "check", "of_user", "open"]  # find reads twice


@pytest.mark.parametrize("who", ["known", "unknown", "disabled", "without a password"])
def test_from_the_fifth_failure_on_the_waits_double_for_every_address_alike(
    logins: Logins, memory: Memory, user: User, who: str
) -> None:
    email = "nobody@example.com" if who == "unknown" else user.email
    if who == "disabled":
        memory.users[user.user_id] = replace(user, status="disabled")
    if who == "without a password":
        del memory.hashes[user.user_id]
    waits = []
    for _ in range(16):
        assert logins("wrong", email=email) == "wrong"
        refused = logins("wrong", email=email)
        waits.append(int(refused.removeprefix("wait ")) if refused.startswith("wait") else 0)
        if not waits[-1]:
            continue
        logins.clock.now_ms += waits[-1] * SECOND - 1
        assert logins("wrong", email=email) == "wait 1"
        logins.clock.now_ms += 1

    assert waits[:2] == [0, 0]
    assert waits[2:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_while_an_account_waits_the_right_password_is_refused_unread_and_nothing_is_counted(
    logins: Logins, memory: Memory, calls: Calls, user: User
) -> None:
    for _ in range(5):
        logins("wrong")
    before, calls.made[:] = memory.guesses.copy(), []

    assert logins("right") == "wait 1"

    assert calls.made == ["take", "find", "reserve"]
    assert memory.guesses == before


def test_a_success_begins_the_count_anew(logins: Logins) -> None:
    for _ in range(4):
        logins("wrong")

    assert logins("right") == "in"

    assert [logins("wrong") for _ in range(6)] == ["wrong"] * 5 + ["wait 1"]


def test_after_a_hundred_failures_strangers_are_refused_however_long_they_wait(logins: Logins) -> None:
    logins.failures(100)

    logins.clock.now_ms += 29 * 86_400 * SECOND

    assert logins("right") == "wait 900"


def test_an_owner_with_a_device_token_gets_in_while_strangers_are_refused_and_is_not_counted_with_them(
    logins: Logins, user: User
) -> None:
    logins.failures(100)
    token = device_token_of(user, now=logins.clock.now)

    assert logins("right", device_token=token) == "in"

    assert logins("right") == "wait 900"  # a success clears its own counter only


def test_a_leaked_device_token_has_a_counter_of_its_own_that_stops_nobody_else(logins: Logins, user: User) -> None:
    leaked, owners = (device_token_of(user, now=logins.clock.now) for _ in range(2))
    for _ in range(5):
        assert logins("wrong", device=ELSEWHERE, device_token=leaked) == "wrong"

    assert logins("wrong", device=ELSEWHERE, device_token=leaked) == "wait 1"
    assert logins("right", device_token=owners) == "in"
    assert logins("right") == "in"


@pytest.mark.parametrize("kind", ["another user's", "older version's", "expired", "changed", "none at all", "empty"])
def test_a_device_token_that_is_not_good_for_this_account_counts_as_none(
    logins: Logins, memory: Memory, user: User, kind: str
) -> None:
    now = logins.clock.now
    match kind:
        case "another user's":
            token = device_token_of(a_user(), now=now)
        case "older version's":
            token = device_token_of(user, now=now)
            memory.users[user.user_id] = replace(user, token_version=2)
        case "expired":
            token = device_token_of(user, now=now - 30 * 86_400)
        case "changed":
            token = device_token_of(user, now=now)[:-1] + "_"
        case _:
            token = "" if kind == "empty" else "not a token"
    for _ in range(5):
        assert logins("wrong", device_token=token) == "wrong"

    assert logins("right", device_token=token) == "wait 1"
    assert memory.guesses.keys() == {key_of_address(user.email)}


def test_a_device_token_lives_thirty_days_to_the_second(logins: Logins, memory: Memory, user: User) -> None:
    token = device_token_of(user, now=logins.clock.now)
    counter = key_of_device(device_token_verifier().verify(token, now=logins.clock.now).jti)

    logins.clock.now_ms += (30 * 86_400 - 1) * SECOND
    logins("wrong", device_token=token)
    assert memory.guesses.keys() == {counter}
    logins.clock.now_ms += SECOND
    logins("wrong", device_token=token)

    assert memory.guesses.keys() == {counter, key_of_address(user.email)}


def test_an_account_logs_in_twenty_times_at_once_and_then_every_half_a_minute(
    logins: Logins, memory: Memory, calls: Calls, user: User
) -> None:
    token = device_token_of(user, now=logins.clock.now)
    assert {logins("right", device_token=[None, token][time % 2]) for time in range(20)} == {"in"}
    calls.made.clear()

    assert logins("right", device_token=token) == "wait 30"

    assert calls.made == ["take", "find"]  # refused before anything is counted or hashed
    assert memory.guesses == {}
    logins.clock.now_ms += MINUTE // 2
    assert [logins("right"), logins("right")] == ["in", "wait 30"]


def test_a_client_that_owes_touches_no_account(logins: Logins, memory: Memory, calls: Calls) -> None:
    for number in range(200):
        logins("wrong", email=f"user{number}@example.com")
    calls.made.clear()

    assert logins("right") == "wait 1"
    assert calls.made == ["take"]
    assert logins("right", device=ELSEWHERE) == "in"


@pytest.mark.parametrize("failing", ["of_user", "open"])
def test_where_infrastructure_fails_no_failure_is_counted(
    logins: Logins, memory: Memory, calls: Calls, user: User, failing: str
) -> None:
    calls.fail(failing)

    for _ in range(8):
        with pytest.raises(Unavailable):
            logins("right")

    assert memory.guesses[key_of_address(user.email)][0] == 0


def test_a_failure_that_cannot_be_given_back_stays_and_the_answer_is_the_same(
    logins: Logins, memory: Memory, calls: Calls, user: User
) -> None:
    calls.fail("open", "give_back")

    with pytest.raises(Unavailable):
        logins("right")

    assert memory.guesses[key_of_address(user.email)][0] == 1


@pytest.mark.parametrize("failing", ["take", "find", "reserve"])
def test_nothing_is_compared_when_nobody_can_count(logins: Logins, calls: Calls, failing: str) -> None:
    calls.fail(failing)

    with pytest.raises(Unavailable):
        logins("right")

    assert calls.made[-1] == failing


class Moving(FakeOpenings):
    """Changes the user before the first `times` sessions are opened."""

    def __init__(self, memory: Memory, times: int, **change: object) -> None:
        super().__init__(memory)
        self._left = times
        self._change = change

    def open(self, session, admission):  # type: ignore[no-untyped-def]
        if self._left:
            self._left -= 1
            user = self._memory.users[session.user_id]
            change = self._change or {"token_version": user.token_version + 1}
            self._memory.users[session.user_id] = replace(user, **change)  # type: ignore[arg-type]
        return super().open(session, admission)


def moving(logins: Logins, openings: FakeOpenings) -> Logins:
    logins.log_in = replace(logins.log_in, open_session=replace(logins.log_in.open_session, openings=openings))
    return logins


def test_a_user_whose_version_moves_meanwhile_is_authenticated_once_more_and_counted_once(
    logins: Logins, memory: Memory, user: User, calls: Calls
) -> None:
    assert moving(logins, Moving(memory, 1))() == "in"

    (session,) = memory.sessions.values()
    assert session.ver == user.token_version + 1
    assert (calls.made.count("find"), calls.made.count("reserve")) == (2, 1)


def test_a_user_who_is_disabled_meanwhile_is_refused_like_any_other(logins: Logins, memory: Memory) -> None:
    assert moving(logins, Moving(memory, 1, status="disabled"))() == "wrong"

    assert memory.sessions == {}


def test_a_user_who_keeps_moving_is_not_logged_in(logins: Logins, memory: Memory) -> None:
    with pytest.raises(ChangedMeanwhile):
        moving(logins, Moving(memory, 2))()

    assert memory.sessions == {}


def test_a_user_who_is_leaving_is_not_logged_in(logins: Logins, memory: Memory, user: User) -> None:
    memory.leaving[user.user_id] = logins.clock.now

    with pytest.raises(ChangedMeanwhile):
        logins()

    assert memory.sessions == {}


def test_an_attempt_shows_no_secret() -> None:
    attempt = Attempt("ann@example.com", PASSWORD, HERE, "body", replaces=["a.b.c"], device_token="d.e.f")

    assert "correct" not in repr(attempt)
    assert "ann" not in repr(attempt)
    assert "a.b.c" not in repr(attempt)
    assert "d.e.f" not in repr(attempt)
