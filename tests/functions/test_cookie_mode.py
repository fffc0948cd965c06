"""Cookie mode and its CSRF rules (docs/attacks.md R14, R15, L20), event in and answer out."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dev.aws.deployment import LOCAL_ORIGIN
from sallyport.accounts.user import User
from sallyport.http.cookies import DEVICE_TOKEN, REFRESH_TOKEN
from tests.support.builders import DAY
from tests.support.deployed import PASSWORD, Answer, Stack, sample
from tests.support.wire import Wire

OURS = {"x-sallyport-csrf": "1", "origin": LOCAL_ORIGIN}

FOREIGN: list[dict[str, str]] = [
    {},
    {"origin": LOCAL_ORIGIN},
    {"x-sallyport-csrf": "1"},
    {**OURS, "x-sallyport-csrf": "0"},
    {**OURS, "x-sallyport-csrf": "1, 1"},
    {**OURS, "origin": "null"},
    {**OURS, "origin": ""},
    {**OURS, "origin": "https://evil.example"},
    {**OURS, "origin": LOCAL_ORIGIN + ".evil.example"},
    {**OURS, "origin": LOCAL_ORIGIN.replace("http:", "https:")},
    {**OURS, "origin": LOCAL_ORIGIN.upper()},
    {**OURS, "origin": f"{LOCAL_ORIGIN},{LOCAL_ORIGIN}"},
    {**OURS, "sec-fetch-site": "cross-site"},
    {**OURS, "sec-fetch-site": "none"},
]


def send(
    stack: Stack, function: str, *cookies: str, headers: Mapping[str, str] = OURS, body: dict[str, Any] | None = None
) -> tuple[Answer, list[str]]:
    """Send a request with cookies; answers what came back, and the Set-Cookie headers."""
    name = {"Login": "login_logged_in", "Refresh": "refresh_rotated", "Logout": "logout_ended"}[function]
    event = sample(name, body=body or {})
    event["headers"].update(headers)
    if cookies:
        event["cookies"] = list(cookies)
    payload = stack.invoke(function, event)
    answer = Answer(payload["statusCode"], payload["headers"], json.loads(payload.get("body") or "{}"))
    return answer, payload.get("cookies", [])


def log_in(stack: Stack, user: User, *cookies: str, headers: Mapping[str, str] = OURS) -> tuple[Answer, list[str]]:
    body = {"email": user.email, "password": PASSWORD, "mode": "cookie"}
    return send(stack, "Login", *cookies, headers=headers, body=body)


def cookie(set_cookies: list[str], name: str = REFRESH_TOKEN) -> str:
    """Write the Cookie header that a browser sends after these Set-Cookie headers."""
    (pair,) = [line.split(";")[0] for line in set_cookies if line.startswith(f"{name}=")]
    return pair


def token(pair: str) -> str:
    return pair.split("=", 1)[1]


@pytest.fixture
def held(stack: Stack, user: User) -> str:
    """The refresh cookie of a session in cookie mode."""
    return cookie(log_in(stack, user)[1])


def test_the_refresh_token_is_in_a_cookie_and_only_there(stack: Stack, user: User) -> None:
    answer, set_cookies = log_in(stack, user)

    assert answer.status == 200
    assert answer.body.keys() == {"access_token", "token_type", "expires_in", "refresh_expires_in", "session_id"}
    refresh, device = set_cookies
    strict = "Path=/; Secure; HttpOnly; SameSite=Strict"
    assert refresh.partition("; ")[2] == f"{strict}; Max-Age={30 * DAY}"
    assert device.partition("; ")[2] == f"{strict}; Max-Age={30 * DAY}"
    assert refresh.startswith("__Host-refresh_token=")
    assert device.startswith("__Host-sallyport_device=")
    assert token(cookie(set_cookies)) not in json.dumps(answer.body)
    assert token(cookie(set_cookies, DEVICE_TOKEN)) not in json.dumps(answer.body)


def test_refreshing_by_cookie_rotates_the_cookie(stack: Stack, held: str) -> None:
    stack.clock.advance(60)
    answer, set_cookies = send(stack, "Refresh", held)

    assert answer.status == 200
    assert "refresh_token" not in answer.body
    assert stack.authorize(answer.body["access_token"])["isAuthorized"]
    assert cookie(set_cookies) != held
    stack.clock.advance(60)
    assert send(stack, "Refresh", cookie(set_cookies))[0].status == 200


def test_logging_out_by_cookie_ends_the_session_and_clears_the_cookie(stack: Stack, held: str) -> None:
    answer, set_cookies = send(stack, "Logout", held)

    assert answer.status == 204
    assert set_cookies == [f"{REFRESH_TOKEN}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"]
    refused, untouched = send(stack, "Refresh", held)
    assert (refused.status, refused.body["code"], untouched) == (401, "invalid_grant", [])  # only logout clears it


def test_logging_out_everywhere_by_cookie(stack: Stack, user: User, held: str) -> None:
    phone = stack.log_in(user)

    assert send(stack, "Logout", held, body={"everywhere": True})[0].status == 204

    assert stack.refresh(phone.body["refresh_token"]).status == 401


@pytest.mark.parametrize("headers", FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("function", ["Login", "Refresh", "Logout"])
def test_r15_a_request_that_no_page_of_ours_sent_is_rejected_and_changes_nothing(
    stack: Stack, user: User, held: str, function: str, headers: dict[str, str], wire: Wire
) -> None:
    before = stack.sessions.of_user(user.user_id)
    wire.reset()

    if function == "Login":
        answer, set_cookies = log_in(stack, user, held, headers=headers)
    else:
        answer, set_cookies = send(stack, function, held, headers=headers)

    assert (answer.status, answer.body["code"], set_cookies) == (403, "csrf_rejected", [])
    assert wire.calls == []
    assert stack.sessions.of_user(user.user_id) == before


@pytest.mark.parametrize("site", ["same-origin", "same-site"])
def test_r15_a_page_of_ours_may_be_on_another_host_of_the_same_site(stack: Stack, held: str, site: str) -> None:
    assert send(stack, "Refresh", held, headers={**OURS, "sec-fetch-site": site})[0].status == 200


@pytest.mark.parametrize("function", ["Refresh", "Logout"])
def test_r14_two_credentials_are_never_chosen_from(stack: Stack, user: User, held: str, function: str) -> None:
    other = cookie(log_in(stack, user)[1])
    attempts: list[tuple[tuple[str, ...], dict[str, str], dict[str, str]]] = [
        ((held, other), OURS, {}),
        ((held, held), OURS, {}),
        ((f"{REFRESH_TOKEN}=", held), OURS, {}),
        ((held,), OURS, {"refresh_token": token(held)}),
        ((held,), OURS, {"refresh_token": "x"}),
        ((held,), {**OURS, "authorization": "Bearer x"}, {}),
    ]
    for cookies, headers, body in attempts:
        answer, set_cookies = send(stack, function, *cookies, headers=headers, body=dict(body))
        assert (answer.status, answer.body["code"], set_cookies) == (400, "ambiguous_credentials", [])
    assert send(stack, "Refresh", held)[0].status == 200


@pytest.mark.parametrize(
    "name",
    [
        "refresh_token",
        "__host-refresh_token",
        "__HOST-refresh_token",
        "__Host-Refresh_Token",
        "__Secure-refresh_token",
        " __Host-refresh_token",
        "__Host-refresh_token ",
    ],
)
def test_r14_a_cookie_of_another_name_is_no_credential(stack: Stack, held: str, name: str) -> None:
    tossed = f"{name}={token(held)}"

    refused, _ = send(stack, "Refresh", tossed, headers={})
    left, _ = send(stack, "Logout", tossed, headers={})

    assert (refused.status, refused.body["code"], left.status) == (401, "invalid_grant", 204)
    assert send(stack, "Refresh", held)[0].status == 200
    assert send(stack, "Refresh", held, tossed)[0].status == 200  # and it disturbs nobody


def test_a_cookie_sessions_token_in_a_body_and_a_body_sessions_in_a_cookie_open_nothing(
    stack: Stack, user: User, held: str
) -> None:
    phone = stack.log_in(user).body["refresh_token"]

    assert stack.refresh(token(held)).status == 401
    assert send(stack, "Refresh", f"{REFRESH_TOKEN}={phone}")[0].status == 401
    assert stack.log_out(refresh_token=token(held)).status == 204
    assert send(stack, "Logout", f"{REFRESH_TOKEN}={phone}")[0].status == 204
    assert stack.log_out(refresh_token=token(held), everywhere=True).status == 204

    assert stack.refresh(phone).status == 200
    assert send(stack, "Refresh", held)[0].status == 200


def test_an_access_token_of_a_cookie_session_logs_out(stack: Stack, user: User) -> None:
    answer, set_cookies = log_in(stack, user)
    bearer = {"authorization": f"Bearer {answer.body['access_token']}"}

    assert send(stack, "Logout", headers=bearer)[0].status == 204

    assert send(stack, "Refresh", cookie(set_cookies))[0].status == 401


def test_l20_a_login_over_a_live_cookie_ends_that_older_session_and_no_other(
    stack: Stack, user: User, held: str
) -> None:
    elsewhere = stack.log_in(user).body["refresh_token"]
    answer, set_cookies = log_in(stack, user, held)

    assert answer.status == 200
    assert send(stack, "Refresh", held)[0].status == 401
    assert send(stack, "Refresh", cookie(set_cookies))[0].status == 200
    assert stack.refresh(elsewhere).status == 200


def test_l20_no_number_of_cookies_makes_a_login_dear(stack: Stack, user: User) -> None:
    planted = [cookie(log_in(stack, user)[1]) for _ in range(5)]

    assert log_in(stack, user, *planted)[0].status == 200

    assert sum(session.revoked_at is not None for session in stack.sessions.of_user(user.user_id)) == 2


@pytest.mark.parametrize("planted", [f"{REFRESH_TOKEN}=", f"{REFRESH_TOKEN}=a.b.c", f"{REFRESH_TOKEN}", "x=y"])
def test_l20_a_login_over_a_cookie_that_is_worth_nothing_just_logs_in(stack: Stack, user: User, planted: str) -> None:
    assert log_in(stack, user, planted)[0].status == 200


def test_a_login_stands_though_the_older_session_cannot_be_ended(
    stack: Stack, user: User, held: str, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    """The new session exists before the old one ends: a failure between the two logs nobody out."""
    wire.refuse("UpdateItem", about="SESSIONS#")
    answer, _ = log_in(stack, user, held)
    wire.reset()

    assert answer.status == 200
    assert [record.__dict__["also"] for record in caplog.records if "also" in record.__dict__] == [["older_not_ended"]]
    assert len([s for s in stack.sessions.of_user(user.user_id) if s.revoked_at is None]) == 2
    assert send(stack, "Refresh", held)[0].status == 200


def test_a_login_that_cannot_open_a_session_ends_none(stack: Stack, user: User, held: str, wire: Wire) -> None:
    wire.refuse("TransactWriteItems", about="ConditionCheck")
    assert log_in(stack, user, held)[0].status == 503
    wire.reset()

    assert send(stack, "Refresh", held)[0].status == 200


def test_a_failed_login_ends_nothing(stack: Stack, user: User, held: str) -> None:
    body = {"email": user.email, "password": "wrong", "mode": "cookie"}

    assert send(stack, "Login", held, body=body)[0].status == 401

    assert send(stack, "Refresh", held)[0].status == 200


def test_a_login_in_body_mode_ignores_the_cookie(stack: Stack, user: User, held: str) -> None:
    answer, set_cookies = send(
        stack, "Login", held, headers={}, body={"email": user.email, "password": PASSWORD, "mode": "body"}
    )

    assert (answer.status, set_cookies) == (200, [])
    assert send(stack, "Refresh", held)[0].status == 200


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", 'a"b', "a;b", "a,b", "ü", "x" * 9000])
def test_r16_no_text_of_a_client_is_echoed_into_a_header(stack: Stack, value: str) -> None:
    answer, set_cookies = send(stack, "Refresh", f"{REFRESH_TOKEN}={value}")

    assert (answer.status, set_cookies) == (401, [])
    assert value not in json.dumps(dict(answer.headers))
