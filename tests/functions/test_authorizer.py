"""The authorizer, event in and answer out. How it is asked in other ways: test_authorizer_events.py."""

from dataclasses import replace
from typing import Any

import jwt
import pytest

from dev.cloud import Cloud
from dev.deployment import Deployment
from dev.functions import LocalFunction
from dev.stack import ROOT, FunctionSpec
from sallyport.accounts.user import User
from sallyport.aws.authorizer.handler import AuthorizerUnavailable
from tests.deployed import Answer, Stack, sample
from tests.wire import Wire

DENIED = {"isAuthorized": False}


@pytest.fixture
def login(stack: Stack, user: User) -> Answer:
    return stack.log_in(user)


@pytest.fixture
def access_token(login: Answer) -> str:
    token: str = login.body["access_token"]
    return token


def with_mode(deployment: Deployment, mode: str, **more: str) -> LocalFunction:
    environment = {"TABLE_NAME": deployment.table_name, "REVOCATION_MODE": mode, **more}
    return LocalFunction(FunctionSpec("Authorizer", ROOT / "functions" / "authorizer", environment, timeout=10))


def test_a_denial_writes_one_line_without_the_token(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    event = sample("authorizer_allowed", authorization="Bearer not.a.canary")

    assert stack.invoke("Authorizer", event) == DENIED

    (record,) = caplog.records
    assert (record.message, record.__dict__["reason"]) == ("denied", "encoding")
    assert "canary" not in str(record.__dict__)


def test_strict_makes_one_call_per_authorization(stack: Stack, access_token: str, wire: Wire) -> None:
    stack.authorize(access_token)
    wire.reset()
    stack.authorize(access_token)

    assert wire.calls == ["BatchGetItem"]


def test_stateless_makes_none(deployment: Deployment, stack: Stack, access_token: str, wire: Wire) -> None:
    authorizer = with_mode(deployment, "stateless")
    event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
    authorizer.invoke(event)
    wire.reset()

    assert authorizer.invoke(event)["isAuthorized"]
    assert wire.calls == []


def test_in_strict_a_revocation_bites_on_the_next_request_and_in_stateless_at_exp(
    deployment: Deployment, stack: Stack, login: Answer, access_token: str
) -> None:
    stateless = with_mode(deployment, "stateless")
    event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
    stack.log_out(refresh_token=login.body["refresh_token"])

    assert stack.authorize(access_token) == DENIED
    assert stateless.invoke(event)["isAuthorized"]

    stack.clock.advance(600)
    assert stateless.invoke(event) == DENIED


def test_roles_are_read_fresh(stack: Stack, user: User, access_token: str) -> None:
    key = ("USER#" + user.user_id, "USER")
    stack.table.update(key, "SET #r = :r", condition="attribute_exists(PK)", values={":r": []}, names={"#r": "roles"})

    assert stack.authorize(access_token)["context"]["roles"] == ""


@pytest.mark.parametrize("way", ["disabled", "deleted", "version", "jti", "session gone", "session over"])
def test_j27_j28_every_way_of_being_revoked(
    stack: Stack, user: User, login: Answer, access_token: str, way: str
) -> None:
    claims = jwt.decode(access_token, options={"verify_signature": False})
    _, session = stack.sessions.load(user.user_id, login.body["session_id"])
    assert session is not None
    key = ("USER#" + user.user_id, "USER")
    exists = "attribute_exists(PK)"
    assert stack.authorize(access_token)["isAuthorized"]

    match way:
        case "disabled":
            stack.table.update(key, "SET #s = :s", condition=exists, values={":s": "disabled"}, names={"#s": "status"})
        case "deleted":
            stack.table._client.delete_item(TableName="functions", Key={"PK": {"S": key[0]}, "SK": {"S": "USER"}})
        case "version":
            stack.revocations.raise_version(user.user_id, 1, now_ms=0)
        case "jti":
            stack.table.put({"PK": f"JTI#{claims['jti']}", "SK": "JTI"})
        case "session gone":
            stack.sessions.create(replace(session, ver=7))
        case "session over":
            stack.sessions.create(replace(session, idle_expires_at=claims["iat"]))

    assert stack.authorize(access_token) == DENIED


@pytest.mark.parametrize(
    "header", ["x-authorization", "x-amzn-remapped-authorization", "proxy-authorization", "x-user-id", "cookie"]
)
def test_e02_a_token_anywhere_else_counts_for_nothing(stack: Stack, access_token: str, header: str) -> None:
    event = sample("authorizer_allowed")
    del event["headers"]["authorization"]
    event["headers"][header] = f"Bearer {access_token}"
    event["queryStringParameters"] = {"access_token": access_token}

    assert stack.invoke("Authorizer", event) == DENIED


@pytest.mark.parametrize("operation", ["BatchGetItem", "Query"])
def test_a_failing_table_raises_without_the_token_and_then_recovers(
    stack: Stack, access_token: str, wire: Wire, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    authorizer = with_mode(stack.deployment, "strict")
    event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
    wire.refuse(operation)
    caplog.clear()

    with pytest.raises(AuthorizerUnavailable) as raised:
        authorizer.invoke(event)

    (record,) = caplog.records
    assert (record.message, record.levelname) == ("failed", "ERROR")
    assert access_token not in str(record.__dict__) + repr(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    wire.reset()
    assert authorizer.invoke(event)["isAuthorized"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"requestContext": {"requestId": "r"}},
        {"requestContext": {"requestId": "r"}, "version": "2.0", "headers": None},
        {"requestContext": {"requestId": "r"}, "version": "1.0", "headers": {}},
        {"type": "TOKEN", "authorizationToken": "Bearer x", "methodArn": "arn"},
    ],
)
def test_an_event_that_is_none_raises_and_never_allows(cloud: Cloud, stack: Stack, event: dict[str, Any]) -> None:
    with pytest.raises(AuthorizerUnavailable):
        stack.invoke("Authorizer", event)


@pytest.mark.parametrize("seconds", [599, 600])
def test_j30_the_token_dies_at_exp(stack: Stack, access_token: str, seconds: int) -> None:
    exp = jwt.decode(access_token, options={"verify_signature": False})["exp"]
    stack.clock.advance(exp - 600 - stack.clock.time_ns() // 1_000_000_000 + seconds)

    assert stack.authorize(access_token)["isAuthorized"] == (seconds < 600)


def authorizes(authorizer: LocalFunction, access_token: str) -> bool:
    return bool(authorizer.invoke(sample("authorizer_allowed", authorization=f"Bearer {access_token}"))["isAuthorized"])


def test_bounded_makes_no_call_for_five_seconds_and_then_one(stack: Stack, access_token: str, wire: Wire) -> None:
    authorizer = with_mode(stack.deployment, "bounded")
    assert authorizes(authorizer, access_token)
    assert wire.calls.count("Query") == 2  # the keys, and what was revoked lately

    wire.reset()
    for _ in range(5):
        assert authorizes(authorizer, access_token)
    assert wire.calls == []
    stack.clock.advance(5)
    assert authorizes(authorizer, access_token)
    assert wire.calls == ["Query"]


@pytest.mark.parametrize("way", ["logout", "everywhere", "replay", "version"])
def test_in_bounded_every_revocation_bites_within_five_seconds_and_for_good(
    stack: Stack, user: User, login: Answer, way: str
) -> None:
    authorizer = with_mode(stack.deployment, "bounded")
    other_user = stack.log_in(stack.new_user()).body["access_token"]
    newest = login.body
    for _ in range(2):
        stack.clock.advance(60)
        newest = stack.refresh(newest["refresh_token"]).body
    token, access_token = newest["refresh_token"], newest["access_token"]
    assert authorizes(authorizer, access_token)

    match way:
        case "logout":
            stack.log_out(refresh_token=token)
        case "everywhere":
            stack.log_out(refresh_token=token, everywhere=True)
        case "replay":
            stack.clock.advance(60)
            assert stack.refresh(login.body["refresh_token"]).status == 401
        case "version":
            stack.revocations.raise_version(user.user_id, 1, now_ms=stack.now * 1000)

    stack.clock.advance(5)
    assert not authorizes(authorizer, access_token)
    assert authorizes(authorizer, other_user)
    stack.clock.advance(500)
    assert not authorizes(authorizer, access_token)
    assert not authorizes(with_mode(stack.deployment, "bounded"), access_token)  # an environment that starts later


def test_in_bounded_a_table_that_is_away_is_gone_on_without_for_a_minute(
    stack: Stack, access_token: str, wire: Wire
) -> None:
    authorizer = with_mode(stack.deployment, "bounded")
    assert authorizes(authorizer, access_token)
    wire.refuse("Query")

    stack.clock.advance(50)
    assert authorizes(authorizer, access_token)
    stack.clock.advance(20)
    with pytest.raises(AuthorizerUnavailable):
        authorizes(authorizer, access_token)

    wire.reset()
    stack.clock.advance(1)
    assert authorizes(authorizer, access_token)


def test_in_bounded_an_entry_that_nobody_understands_lets_nobody_in(stack: Stack, access_token: str) -> None:
    """It may revoke anything: say, one that a newer version wrote."""
    key = ("REVOKED#0", f"{stack.now * 1000:013}#x")
    authorizer = with_mode(stack.deployment, "bounded")
    stack.table.put({"PK": key[0], "SK": key[1], "expires_at": stack.now + 720, "planet": "earth"})

    with pytest.raises(AuthorizerUnavailable):
        authorizes(authorizer, access_token)
    stack.table.delete([key])
    stack.clock.advance(1)
    assert authorizes(authorizer, access_token)


def test_in_bounded_the_context_has_roles_only_where_it_is_told_to(
    stack: Stack, user: User, access_token: str, wire: Wire
) -> None:
    event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
    without = with_mode(stack.deployment, "bounded").invoke(event)
    authorizer = with_mode(stack.deployment, "bounded", CONTEXT_ROLES="true")
    told = authorizer.invoke(event)
    wire.reset()
    again = authorizer.invoke(event)

    assert without["context"]["roles"] == ""
    assert told["context"]["roles"] == again["context"]["roles"] == " ".join(user.roles)
    assert wire.calls == []
