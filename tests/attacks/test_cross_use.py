"""J19: every kind of token at every door. Each opens its own and no other."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dev.aws.deployment import LOCAL_ORIGIN
from sallyport.accounts.throttle import key_of_address
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.throttle import throttle_key
from sallyport.http.cookies import DEVICE_TOKEN, REFRESH_TOKEN
from tests.support.deployed import PASSWORD, Answer, Stack, sample
from tests.support.shapes import SAMPLES, allowed, asked
from tests.support.watch import READS, Watch

PAGE = {"x-sallyport-csrf": "1", "origin": LOCAL_ORIGIN}
KINDS = ["access_token", "refresh_token", "device_token", "refresh_cookie", "device_cookie"]


@pytest.fixture
def tokens(stack: Stack, user: User) -> Mapping[str, str]:
    """All that one user holds: the tokens of a session in body mode, the cookies of another."""
    body = stack.log_in(user).body
    event = sample("login_logged_in", body={"email": user.email, "password": PASSWORD, "mode": "cookie"})
    event["headers"].update(PAGE)
    cookies = dict(line.split(";")[0].split("=", 1) for line in stack.invoke("Login", event)["cookies"])
    return {
        **{name: body[name] for name in ("access_token", "refresh_token", "device_token")},
        "refresh_cookie": cookies[REFRESH_TOKEN],
        "device_cookie": cookies[DEVICE_TOKEN],
    }


def with_cookie(stack: Stack, function: str, token: str, body: Mapping[str, Any] | None = None) -> Answer:
    name = {"Login": "login_logged_in", "Refresh": "refresh_rotated", "Logout": "logout_ended"}[function]
    event = sample(name, body=body or {})
    event["headers"].update(PAGE)
    event["cookies"] = [f"{REFRESH_TOKEN}={token}"]
    return stack.call(function, event)


def are_alive(stack: Stack, tokens: Mapping[str, str]) -> tuple[bool, bool]:
    """Tell of both sessions whether they are alive. Asking moves neither: both are quiet."""
    body = stack.refresh(tokens["refresh_token"]).status == 200
    cookie = with_cookie(stack, "Refresh", tokens["refresh_cookie"]).status == 200
    assert stack.authorize(tokens["access_token"])["isAuthorized"] is body
    return body, cookie


def test_only_an_access_token_is_allowed(watch: Watch, stack: Stack, tokens: Mapping[str, str]) -> None:
    for shape in SAMPLES:
        for kind in KINDS[1:]:
            assert watch.denies(f"Bearer {tokens[kind]}", shape) == "typ"
        assert allowed(stack.invoke("Authorizer", asked(shape, f"Bearer {tokens['access_token']}")), shape)


def test_only_a_refresh_token_refreshes_and_only_through_its_channel(
    watch: Watch, stack: Stack, tokens: Mapping[str, str]
) -> None:
    for channel, its_own in (("body", "refresh_token"), ("cookie", "refresh_cookie")):
        for kind, token in tokens.items():
            with watch.quiet(token, reads=READS) as lines:
                answer = stack.refresh(token) if channel == "body" else with_cookie(stack, "Refresh", token)
            assert answer.status == (200 if kind == its_own else 401)
            assert lines[0]["outcome"] == ("converged" if kind == its_own else "invalid_grant")

    assert are_alive(stack, tokens) == (True, True)


OPENED_BY = {"body": "refresh_token", "header": "access_token", "cookie": "refresh_cookie"}


def log_out(stack: Stack, door: str, token: str, *, everywhere: bool) -> int:
    sent: dict[str, Any] = {"everywhere": everywhere}
    match door:
        case "body":
            return stack.log_out(**sent, refresh_token=token).status
        case "header":
            event = sample("logout_everywhere", body=sent, authorization=f"Bearer {token}")
            return stack.call("Logout", event).status
        case _:
            return with_cookie(stack, "Logout", token, sent).status


def test_no_other_token_logs_out(stack: Stack, tokens: Mapping[str, str]) -> None:
    for door, opened_by in OPENED_BY.items():
        for kind in set(KINDS) - {opened_by}:
            for everywhere in (False, True):
                assert log_out(stack, door, tokens[kind], everywhere=everywhere) == 204

    assert are_alive(stack, tokens) == (True, True)


@pytest.mark.parametrize("door", OPENED_BY)
@pytest.mark.parametrize("everywhere", [False, True])
def test_its_own_does(stack: Stack, tokens: Mapping[str, str], door: str, everywhere: bool) -> None:
    assert log_out(stack, door, tokens[OPENED_BY[door]], everywhere=everywhere) == 204

    only_one = (door == "cookie", door != "cookie")
    assert are_alive(stack, tokens) == ((False, False) if everywhere else only_one)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_cookie_of_an_older_session_ends_it_at_a_login(
    stack: Stack, user: User, tokens: Mapping[str, str], kind: str
) -> None:
    login = {"email": user.email, "password": PASSWORD, "mode": "cookie"}

    assert with_cookie(stack, "Login", tokens[kind], login).status == 200

    assert are_alive(stack, tokens) == (True, kind != "refresh_cookie")


COUNTED = READS | {"UpdateItem"}
"""What a login that is refused may cause: reads, and what is counted of it."""


@pytest.mark.parametrize("kind", KINDS)
def test_none_stands_for_a_password(
    watch: Watch, stack: Stack, user: User, tokens: Mapping[str, str], kind: str
) -> None:
    body = {"email": user.email, "password": tokens[kind]}
    with watch.quiet(tokens[kind], reads=COUNTED) as lines:
        answer = stack.call("Login", sample("login_logged_in", body=body))
    assert (answer.status, answer.body["code"]) == (401, "invalid_credentials")
    assert lines[0]["outcome"] == "invalid_credentials"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["body", "cookie"])
def test_only_a_device_token_tells_login_of_a_device(
    watch: Watch, stack: Stack, user: User, tokens: Mapping[str, str], kind: str, mode: str
) -> None:
    """It counts the failure, in the place of the address. Where it came from first does not matter."""
    event = sample("login_logged_in", body={"email": user.email, "password": "not the password", "mode": mode})
    if mode == "body":
        event["body"] = json.dumps({**json.loads(event["body"]), "device_token": tokens[kind]})
    else:
        event["headers"].update(PAGE)
        event["cookies"] = [f"{DEVICE_TOKEN}={tokens[kind]}"]

    with watch.quiet(tokens[kind], reads=COUNTED) as lines:
        answer = stack.call("Login", event)

    assert (answer.status, lines[0]["outcome"]) == (401, "invalid_credentials")
    (of_address,) = stack.table.get(throttle_key(key_of_address(user.email), "login"))
    assert of_address is not None  # it has logged in
    assert of_address.get("failures", 0) == (0 if kind in {"device_token", "device_cookie"} else 1)
