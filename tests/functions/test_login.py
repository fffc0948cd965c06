"""POST /auth/login, event in and answer out."""

import json
from dataclasses import replace

import jwt
import pytest

from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.use_cases.open_session import MAX_LIVE_SESSIONS
from tests.support.builders import DAY, WEAK_PASSWORDS, a_session, an_ip
from tests.support.deployed import PASSWORD, Stack, sample
from tests.support.tokens import ISSUER, unverified_claims
from tests.support.wire import Wire


def test_a_login_answers_a_token_response(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)

    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.body.keys() == {
        "access_token", "token_type", "expires_in", "refresh_token", "refresh_expires_in", "session_id", "device_token"
    }  # fmt: skip
    assert (answer.body["token_type"], answer.body["expires_in"]) == ("Bearer", 600)
    assert answer.body["refresh_expires_in"] == 30 * DAY


def test_the_access_token_says_who_and_nothing_personal(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)
    token = unverified_claims(answer.body["access_token"])

    assert token.keys() == {
        "iss", "sub", "aud", "client_id", "iat", "exp", "jti", "sid", "ver", "auth_time"
    }  # fmt: skip
    assert (token["iss"], token["sub"], token["aud"]) == (ISSUER, user.user_id, "sallyport")
    assert (token["client_id"], token["sid"], token["ver"]) == ("sallyport", answer.body["session_id"], 1)
    assert token["iat"] == token["auth_time"]
    assert jwt.get_unverified_header(answer.body["access_token"]).keys() == {"alg", "kid", "typ"}


def test_the_refresh_token_means_something_only_to_sallyport(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)
    token = unverified_claims(answer.body["refresh_token"])

    assert token.keys() == {"iss", "aud", "sub", "sid", "ver", "gen", "iat", "exp", "jti"}
    assert (token["aud"], token["gen"]) == (f"{ISSUER}/auth/refresh", 1)
    assert token["exp"] == token["iat"] + 30 * DAY
    assert jwt.get_unverified_header(answer.body["refresh_token"])["alg"] == "HS256"


def test_the_session_is_stored_with_where_it_came_from(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)

    _, session = stack.sessions.load(user.user_id, answer.body["session_id"])
    assert session is not None
    assert (session.ip, session.user_agent) == ("192.0.2.44", "Mozilla/5.0 (X11; Linux x86_64)")
    assert (session.mode, session.ver, session.revoked_at) == ("body", 1, None)


def test_no_token_is_stored_anywhere(stack: Stack, user: User) -> None:
    answer = stack.log_in(user)

    held = repr(stack.table.partition(f"SESSIONS#{user.user_id}") + stack.table.partition(f"USER#{user.user_id}"))
    for token in ("access_token", "refresh_token", "device_token"):
        assert answer.body[token] not in held
        assert str(unverified_claims(answer.body[token])["jti"]) not in held


def test_any_way_to_write_the_address_logs_in(stack: Stack) -> None:
    user = stack.new_user()

    assert stack.log_in(replace(user, email=user.email.upper())).status == 200


def refusals(stack: Stack, user: User) -> dict[str, dict[str, str]]:
    unknown = "nobody@example.com"
    disabled = stack.new_user(status="disabled")
    return {
        "wrong": {"email": user.email, "password": "wrong horse battery staple"},
        "empty": {"email": user.email, "password": ""},
        "unknown": {"email": unknown, "password": PASSWORD},
        "disabled": {"email": disabled.email, "password": PASSWORD},
    }


def test_one_answer_and_the_same_calls_for_unknown_wrong_and_disabled(stack: Stack, user: User, wire: Wire) -> None:
    stack.clock.advance(61)
    stack.log_in(user)  # the keys are read, for a minute
    seen = set()
    for body in refusals(stack, user).values():
        wire.reset()
        answer = stack.post("/auth/login", body, ip=an_ip())
        seen.add((answer.status, json.dumps(dict(answer.headers)), json.dumps(answer.body), tuple(wire.calls)))

    ((status, _, problem, calls),) = seen
    assert (status, json.loads(problem)["code"]) == (401, "invalid_credentials")
    assert calls == ("UpdateItem", "BatchGetItem", "BatchGetItem", "UpdateItem")


WARM = ["UpdateItem", "BatchGetItem", "BatchGetItem", "UpdateItem", "Query", "TransactWriteItems"]
"""The calls of a login whose keys are in memory and whose client owes nothing."""


def test_a_warm_login_makes_six_calls_and_seven_while_its_client_owes(stack: Stack, user: User, wire: Wire) -> None:
    stack.clock.advance(61)
    client = an_ip()
    stack.log_in(user, ip=client)  # the keys are read, for a minute
    for _ in range(20):
        stack.post("/auth/login", {"email": "nobody@example.com", "password": ""}, ip=client)

    wire.reset()
    stack.log_in(user, ip=an_ip())
    assert wire.calls == WARM
    wire.reset()
    assert stack.log_in(user, ip=client).status == 200
    assert wire.calls == ["UpdateItem", *WARM]


def test_a_weak_hash_is_replaced_at_login(stack: Stack) -> None:
    user = stack.new_user(password_hash=WEAK_PASSWORDS.hash(normal(PASSWORD)))
    stack.log_in(user)

    account = stack.accounts.find(user.email).account
    assert account is not None
    assert str(account.password_hash).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stack.log_in(user).status == 200


GOOD = {"email": "demo@example.com", "password": PASSWORD}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"password": None}, "password", "wrong_type"),
        ({"email": {"S": "x"}}, "email", "wrong_type"),
        ({"email": "not an address"}, "email", "invalid_email"),
        ({"email": "a@x.com\r\nBcc: b@x.com"}, "email", "invalid_email"),
        ({"password": "x" * 1025}, "password", "password_too_long"),
        ({"password": "e" + "\u0301" * 600}, "password", "password_too_long"),
        ({"mode": "header"}, "mode", "not_allowed"),
        ({"mode": ["body"]}, "mode", "not_allowed"),
        ({"device_token": 1}, "device_token", "wrong_type"),
        ({"roles": "admin"}, "roles", "unknown_field"),
    ],
)
def test_a_request_of_the_wrong_form_reads_nothing_and_names_the_field(
    stack: Stack, wire: Wire, change: dict[str, object], field: str, code: str
) -> None:
    answer = stack.call("Login", sample("login_logged_in", body={**GOOD, **change}))

    of_its_own = {"unknown_field", "invalid_email", "password_too_long"}
    assert (answer.status, answer.body["code"]) == (400, code if code in of_its_own else "invalid_request")
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]
    assert wire.calls == []
    assert PASSWORD not in json.dumps(answer.body)


def test_a_phones_keyboard_and_a_generated_client_log_in(stack: Stack, user: User) -> None:
    """The one adds a blank to the address, the other sends every optional field."""
    body = {"email": f" {user.email} ", "password": PASSWORD, "mode": None, "device_token": None}

    answer = stack.call("Login", sample("login_logged_in", body=body))

    assert answer.status == 200


def test_white_space_is_part_of_a_password(stack: Stack, user: User) -> None:
    assert stack.log_in(user, f"{PASSWORD} ").status == 401


def test_everything_that_is_wrong_is_named_together(stack: Stack) -> None:
    answer = stack.call("Login", sample("login_logged_in", body={"email": "x", "mode": "y"}))

    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [
        ("email", "invalid_email"),
        ("password", "missing"),
        ("mode", "not_allowed"),
    ]


def test_a_weak_hash_that_cannot_be_replaced_just_now_is_no_failed_login(
    stack: Stack, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    weak = WEAK_PASSWORDS.hash(normal(PASSWORD))
    user = stack.new_user(password_hash=weak)
    wire.refuse("TransactWriteItems", about="CREDENTIAL#")

    caplog.clear()
    assert stack.log_in(user).status == 200

    account = stack.accounts.find(user.email).account
    assert account is not None
    assert account.password_hash == weak
    assert [vars(record)["also"] for record in caplog.records] == [["not_rehashed"]]


def live_sessions(stack: Stack, user: User) -> int:
    return sum(session.revoked_at is None for session in stack.sessions.of_user(user.user_id))


def with_sessions(stack: Stack, user: User, count: int, **changes: int) -> list[str]:
    """Store sessions, the oldest first."""
    now = stack.now
    lives = {"expires_at": now + DAY, "idle_expires_at": now + DAY, **changes}
    sessions = [a_session(user, created_at=now - count + age, **lives) for age in range(count)]
    for session in sessions:
        stack.keep(session)
    return [session.sid for session in sessions]


def test_the_oldest_session_goes_when_there_are_a_hundred(stack: Stack, user: User) -> None:
    oldest, *_ = with_sessions(stack, user, MAX_LIVE_SESSIONS)

    assert stack.log_in(user).status == 200

    left = stack.sessions.of_user(user.user_id)
    assert len(left) == MAX_LIVE_SESSIONS
    assert oldest not in {session.sid for session in left}


def test_an_overshoot_is_gone_with_the_next_login_by_one_call(stack: Stack, user: User, wire: Wire) -> None:
    stack.log_in(user)
    with_sessions(stack, user, MAX_LIVE_SESSIONS + 4)

    wire.reset()
    stack.log_in(user, ip=an_ip())

    assert wire.calls == [*WARM, "BatchWriteItem"]
    assert live_sessions(stack, user) == MAX_LIVE_SESSIONS


def test_a_session_stands_though_room_could_not_be_made(
    stack: Stack, user: User, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    with_sessions(stack, user, MAX_LIVE_SESSIONS)
    wire.refuse("BatchWriteItem")

    caplog.clear()
    assert stack.log_in(user).status == 200
    assert [vars(record)["also"] for record in caplog.records] == [["no_room_made"]]


def test_dead_sessions_do_not_count(stack: Stack, user: User) -> None:
    with_sessions(stack, user, MAX_LIVE_SESSIONS, expires_at=stack.now)

    stack.log_in(user)

    assert live_sessions(stack, user) == MAX_LIVE_SESSIONS + 1


def test_long_dead_sessions_are_cleared_away_in_one_call(stack: Stack, user: User, wire: Wire) -> None:
    stack.log_in(user)
    with_sessions(stack, user, 30, expires_at=stack.now - 3601)
    alive = with_sessions(stack, user, 3)
    just_over = with_sessions(stack, user, 3, expires_at=stack.now - 10)

    wire.reset()
    login = stack.log_in(user)

    assert wire.calls[-1] == "BatchWriteItem"
    left = {session.sid for session in stack.sessions.of_user(user.user_id)}
    assert left >= {*alive, *just_over, login.body["session_id"]}
    assert len(left) == 1 + 30 + 3 + 3 + 1 - 25


def test_a_session_of_a_newer_version_than_was_read_is_never_cleared_away(stack: Stack, user: User) -> None:
    newer = with_sessions(stack, user, 30, ver=user.token_version + 1)

    stack.log_in(user)

    assert {session.sid for session in stack.sessions.of_user(user.user_id)} >= set(newer)


def test_an_environment_that_cannot_open_its_keys_opens_no_session(stack: Stack, user: User, wire: Wire) -> None:
    cold = LocalFunction(stack.deployment.functions["Login"].spec)
    event = sample("login_logged_in", body={"email": user.email, "password": PASSWORD})
    wire.refuse("Decrypt")

    assert cold.invoke(event)["statusCode"] == 503
    assert stack.sessions.of_user(user.user_id) == []

    wire.reset()
    assert cold.invoke(event)["statusCode"] == 200


@pytest.mark.parametrize("operation", ["BatchGetItem", "Query", "TransactWriteItems"])
def test_a_failing_table_is_a_503_and_opens_no_session(stack: Stack, user: User, wire: Wire, operation: str) -> None:
    wire.refuse(operation)
    answer = stack.log_in(user)
    wire.reset()

    assert (answer.status, answer.body["code"], answer.headers["retry-after"]) == (503, "service_unavailable", "1")
    assert stack.sessions.of_user(user.user_id) == []
    assert stack.log_in(user).status == 200


def test_the_password_of_a_user_is_checked_against_their_own_hash(stack: Stack) -> None:
    first, second = stack.new_user(), stack.new_user(WEAK_PASSWORDS.hash(normal("another password")))

    assert stack.log_in(first).status == 200
    assert stack.log_in(second).status == 401
    assert stack.log_in(second, "another password").status == 200
