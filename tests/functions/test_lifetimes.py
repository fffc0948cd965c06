"""R07, O05: both ends of a session, to the second, at every endpoint, with its item still in the table.

The clock stands still between its steps. Of DynamoDB's TTL nothing is deleted here, however late it gets.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dev.aws.deployment import LOCAL_ORIGIN, Deployment
from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.user import User
from sallyport.http.cookies import REFRESH_TOKEN
from sallyport.sessions.session import Session
from tests.support.deployed import PASSWORD, Answer, Stack, sample
from tests.support.stopped_time import MovableTime, StoppedTime, Time
from tests.support.tokens import unverified_claims

LEEWAY = 60
ACCESS_TOKEN = 600

AFTER_TO_BEFORE = (1, 0, -1)
"""Seconds from an end, in an order in which only the last may change anything."""


@dataclass(frozen=True)
class Life:
    """A session's lives, in seconds, as settings."""

    absolute: int
    idle: int

    @property
    def first(self) -> int:
        return min(self.absolute, self.idle)


LIVES = {
    "idle end first": Life(absolute=7200, idle=900),
    "absolute end first, before an access token's": Life(absolute=400, idle=7200),
}


@pytest.fixture(scope="module", params=list(LIVES))
def life(request: pytest.FixtureRequest) -> Life:
    return LIVES[request.param]


@pytest.fixture(scope="module")
def short_lived(deployment: Deployment, life: Life) -> Deployment:
    """The deployment, with other settings."""
    told = {"SESSION_SECONDS": str(life.absolute), "SESSION_IDLE_SECONDS": str(life.idle)}
    functions = {
        name: LocalFunction(replace(function.spec, environment={**function.spec.environment, **told}))
        for name, function in deployment.functions.items()
    }
    return replace(deployment, functions=functions)


@pytest.fixture
def clock() -> Iterator[MovableTime]:
    with StoppedTime(Time(int(time.time() + 1) * 1000)).installed() as clock:
        yield clock


@pytest.fixture
def stack(stack: Stack, short_lived: Deployment) -> Stack:
    return replace(stack, deployment=short_lived)


def session_of(stack: Stack, user: User, answer: Answer) -> Session:
    """Load the session of an answer: it is there, dead or alive."""
    _, session = stack.sessions.load(user.user_id, answer.body["session_id"])
    assert session is not None
    return session


def converged(stack: Stack, user: User) -> Answer:
    token = stack.log_in(user).body["refresh_token"]
    stack.clock.advance(LEEWAY - 1)
    return stack.refresh(token)


def rotated(stack: Stack, user: User) -> Answer:
    token = stack.log_in(user).body["refresh_token"]
    stack.clock.advance(LEEWAY)
    return stack.refresh(token)


def recovered(stack: Stack, user: User) -> Answer:
    token = stack.log_in(user).body["refresh_token"]
    stack.clock.advance(LEEWAY)
    stack.refresh(token)
    stack.clock.advance(30)
    return stack.refresh(token)


OUTCOMES: Mapping[str, tuple[Callable[[Stack, User], Answer], int, int]] = {
    "logged in": (lambda stack, user: stack.log_in(user), 0, 0),
    "converged": (converged, LEEWAY - 1, 0),
    "rotated": (rotated, LEEWAY, LEEWAY),
    "recovered": (recovered, LEEWAY + 30, LEEWAY + 30),
}
"""How tokens come about, how old the session is then, and how old it was when it was last extended."""

each_outcome = pytest.mark.parametrize(("come_by", "age", "extended_at"), OUTCOMES.values(), ids=OUTCOMES.keys())


def around(stack: Stack, end: int) -> Iterator[int]:
    """Move the clock around an end that lies `end` seconds ahead, and say by how much it misses it."""
    stack.clock.advance(end)
    for seconds in AFTER_TO_BEFORE:
        stack.clock.advance(seconds)
        yield seconds
        stack.clock.advance(-seconds)


@each_outcome
def test_an_answer_says_how_long_its_tokens_live(
    stack: Stack, user: User, life: Life, come_by: Callable[[Stack, User], Answer], age: int, extended_at: int
) -> None:
    """Whoever converges extends nothing. No access token outlives its session."""
    answer = come_by(stack, user)

    left = min(life.absolute - age, extended_at + life.idle - age)
    assert answer.body["refresh_expires_in"] == left
    assert answer.body["expires_in"] == min(ACCESS_TOKEN, left)
    assert unverified_claims(answer.body["access_token"])["exp"] == stack.now + answer.body["expires_in"]
    assert unverified_claims(answer.body["refresh_token"])["exp"] == stack.now + life.absolute - age
    assert session_of(stack, user, answer).ends_at == stack.now + left


@each_outcome
def test_r07_both_tokens_work_until_the_second_that_their_answer_names(
    stack: Stack, user: User, come_by: Callable[[Stack, User], Answer], age: int, extended_at: int
) -> None:
    answer = come_by(stack, user)
    before = session_of(stack, user, answer)
    tokens, lives = answer.body, answer.body["expires_in"]

    for seconds in around(stack, lives):
        assert stack.authorize(tokens["access_token"])["isAuthorized"] == (seconds < 0)

    for seconds in around(stack, tokens["refresh_expires_in"] - lives):
        again = stack.refresh(tokens["refresh_token"])
        if seconds >= 0:
            assert (again.status, again.body["code"]) == (401, "invalid_grant")
            assert session_of(stack, user, answer) == before  # o05: the item stands, and is not moved
        else:
            assert again.status == 200
            assert stack.authorize(again.body["access_token"])["isAuthorized"]


@pytest.mark.parametrize("end", ["expires_at", "idle_expires_at"])
def test_o05_the_strict_authorizer_reads_both_ends_itself(stack: Stack, user: User, end: str) -> None:
    """The token alone would be good for longer."""
    answer = stack.log_in(user)
    session = session_of(stack, user, answer)
    stack.keep(replace(session, **{end: stack.now + 100}))  # type: ignore[arg-type]

    for seconds in around(stack, 100):
        assert stack.authorize(answer.body["access_token"])["isAuthorized"] == (seconds < 0)


def test_o05_a_session_is_listed_until_it_ends(stack: Stack, user: User, life: Life) -> None:
    answer = stack.log_in(user)
    event = sample("account_listed")
    event["requestContext"]["authorizer"]["lambda"] |= {"sub": user.user_id, "sid": answer.body["session_id"]}

    for seconds in around(stack, life.first):
        listed = stack.call("Account", event)
        assert listed.status == (200 if seconds < 0 else 401)  # it is the caller's own session, too
        assert session_of(stack, user, answer).revoked_at is None


@pytest.mark.parametrize("seconds", [-1, 0])
@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
def test_o05_everywhere_needs_a_session_that_has_not_ended(
    stack: Stack, user: User, life: Life, kind: str, seconds: int
) -> None:
    answer = stack.log_in(user)
    stack.clock.advance((life.first if kind == "refresh_token" else answer.body["expires_in"]) + seconds)

    if kind == "refresh_token":
        left = stack.log_out(refresh_token=answer.body[kind], everywhere=True)
    else:
        bearer = f"Bearer {answer.body[kind]}"
        left = stack.call("Logout", sample("logout_everywhere", body={"everywhere": True}, authorization=bearer))

    assert left.status == 204
    now = stack.accounts.get(user.user_id)
    assert now is not None
    assert now.token_version == user.token_version + (1 if seconds < 0 else 0)


def test_a_refresh_token_logs_out_until_the_absolute_end(stack: Stack, user: User, life: Life) -> None:
    """After that it is no token any more, and there is nothing to end."""
    answer = stack.log_in(user)

    for seconds in around(stack, life.absolute):
        assert stack.log_out(refresh_token=answer.body["refresh_token"]).status == 204
        assert session_of(stack, user, answer).revoked_at == (stack.now if seconds < 0 else None)


@pytest.mark.parametrize("wait", [0, LEEWAY - 1, LEEWAY, LEEWAY + 30])
def test_the_cookie_lives_as_long_as_its_session(stack: Stack, user: User, life: Life, wait: int) -> None:
    body = {"email": user.email, "password": PASSWORD, "mode": "cookie"}
    _, cookie = by_cookie(stack, sample("login_logged_in", body=body))
    if wait > LEEWAY:
        stack.clock.advance(LEEWAY)
        by_cookie(stack, sample("refresh_rotated", body={}), cookie.partition(";")[0])
        stack.clock.advance(wait - LEEWAY)
    else:
        stack.clock.advance(wait)

    answer, renewed = by_cookie(stack, sample("refresh_rotated", body={}), cookie.partition(";")[0])

    left = session_of(stack, user, answer).ends_at - stack.now
    assert left == min(life.absolute - wait, life.idle - (wait if wait < LEEWAY else 0))
    assert f"Max-Age={life.first}" in cookie.split("; ")
    assert f"Max-Age={left}" in renewed.split("; ")
    assert answer.body["refresh_expires_in"] == left


def by_cookie(stack: Stack, event: dict[str, Any], *cookies: str) -> tuple[Answer, str]:
    """Send an event as a page of ours does; answers the refresh cookie, too."""
    event["headers"].update({"x-sallyport-csrf": "1", "origin": LOCAL_ORIGIN})
    event["cookies"] = list(cookies)
    function = "Refresh" if cookies else "Login"
    payload = stack.invoke(function, event)
    assert payload["statusCode"] == 200
    (cookie,) = [line for line in payload["cookies"] if line.startswith(f"{REFRESH_TOKEN}=")]
    return Answer(200, payload["headers"], json.loads(payload["body"])), cookie


waits = st.one_of(st.integers(0, 130), st.sampled_from([199, 200, 399, 400, 899, 900]))


@pytest.mark.only_in_check
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(waits, st.booleans()), max_size=6))
def test_r07_however_a_session_is_used_it_lives_until_the_end_that_it_was_promised(
    stack: Stack, user: User, life: Life, steps: list[tuple[int, bool]]
) -> None:
    """A client uses its newest token or, having lost an answer, the one before; it may be too late for either."""
    answer = stack.log_in(user)
    opened = rotated_at = stack.now
    end = opened + life.first
    parent = newest = answer.body["refresh_token"]
    for wait, retries in steps:
        stack.clock.advance(wait)
        is_quiet = stack.now - rotated_at < LEEWAY
        answer = stack.refresh(parent if retries else newest)

        if stack.now >= end:
            assert answer.status == 401
            return
        assert answer.status == 200
        recovers = retries and unverified_claims(parent)["gen"] < unverified_claims(newest)["gen"]
        if recovers or not is_quiet:
            end = min(stack.now + life.idle, opened + life.absolute)
        if not recovers and not is_quiet:
            rotated_at, parent = stack.now, newest
        newest = answer.body["refresh_token"]
        assert answer.body["refresh_expires_in"] == end - stack.now
        assert answer.body["expires_in"] == min(ACCESS_TOKEN, end - stack.now)
