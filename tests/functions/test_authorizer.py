"""The authorizer, event in and answer out. How it is asked in other ways: test_authorizer_events.py."""

from dataclasses import replace
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment
from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.accounts.user import User
from sallyport.aws.authorizer.handler import AuthorizerUnavailable
from tests.support.builders import an_audit
from tests.support.deployed import Answer, Stack, sample
from tests.support.stopped_time import StoppedTime, Time
from tests.support.tokens import unverified_claims
from tests.support.wire import Wire

DENIED = {"isAuthorized": False}


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


WAYS = ["token", "logout", "session ended", "everywhere", "replay", "version", "password", "disabled", "deleted"]


def revoke(stack: Stack, user: User, login: Answer, newest: Answer, way: str) -> None:
    """Revoke, in one of all the ways, what `login` opened and `newest` goes on with."""
    now_ms = stack.now * 1000
    claims = unverified_claims(newest.body["access_token"])
    match way:
        case "token":
            assert stack.revocations.revoke_token(claims["jti"], now_ms=now_ms)
        case "logout":
            stack.log_out(refresh_token=newest.body["refresh_token"])
        case "session ended":
            assert stack.end_session(newest.body["access_token"], claims["sid"]).status == 204
        case "everywhere":
            stack.log_out(refresh_token=newest.body["refresh_token"], everywhere=True)
        case "replay":
            stack.clock.advance(60)
            assert stack.refresh(login.body["refresh_token"]).status == 401
        case "version":
            assert stack.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, now_ms))
        case "password":
            account = stack.accounts.find(user.email).account
            assert account is not None
            assert stack.accounts.change_password(account, claims["sid"], "other hash", an_audit(account.user, now_ms))
        case "disabled":
            assert stack.accounts.disable(user, an_audit(user, now_ms))
        case "deleted":
            assert stack.accounts.delete(user, an_audit(user, now_ms))


def a_session_in_use(stack: Stack, user: User) -> tuple[Answer, Answer]:
    """Log in and refresh twice, late; answers the first and the last."""
    login = newest = stack.log_in(user)
    for _ in range(2):
        stack.clock.advance(60)
        newest = stack.refresh(newest.body["refresh_token"])
    return login, newest


@pytest.mark.parametrize("way", WAYS)
def test_e07_j27_j28_in_strict_every_revocation_bites_on_the_next_request(stack: Stack, user: User, way: str) -> None:
    login, newest = a_session_in_use(stack, user)
    access_token, other_user = newest.body["access_token"], stack.log_in(stack.new_user()).body["access_token"]
    assert stack.authorize(access_token)["isAuthorized"]

    revoke(stack, user, login, newest, way)

    assert stack.authorize(access_token) == DENIED
    assert stack.authorize(other_user)["isAuthorized"]


@pytest.mark.parametrize("way", WAYS)
def test_in_stateless_every_revocation_bites_at_exp(deployment: Deployment, stack: Stack, user: User, way: str) -> None:
    authorizer = with_mode(deployment, "stateless")
    login, newest = a_session_in_use(stack, user)
    access_token = newest.body["access_token"]
    exp = unverified_claims(access_token)["exp"]

    revoke(stack, user, login, newest, way)

    stack.clock.advance(
        exp - 30 - stack.now
    )  # the clock goes on: the edge itself is in tests/unit/test_access_token.py
    assert authorizes(authorizer, access_token)
    stack.clock.advance(30)
    assert not authorizes(authorizer, access_token)


def test_roles_are_read_fresh(stack: Stack, user: User, access_token: str) -> None:
    key = ("USER#" + user.user_id, "USER")
    stack.table.update(key, "SET #r = :r", condition="attribute_exists(PK)", values={":r": []}, names={"#r": "roles"})

    assert stack.authorize(access_token)["context"]["roles"] == ""


@pytest.mark.parametrize("way", ["version raised", "session gone", "session over", "user gone"])
def test_j27_what_the_table_no_longer_bears_out_is_denied(
    stack: Stack, user: User, login: Answer, access_token: str, way: str
) -> None:
    iat = unverified_claims(access_token)["iat"]
    _, session = stack.sessions.load(user.user_id, login.body["session_id"])
    assert session is not None
    assert stack.authorize(access_token)["isAuthorized"]

    match way:
        case "version raised":
            stack.keep(replace(session, ver=7))
        case "session gone":
            stack.sessions.forget([session])
        case "session over":
            stack.keep(replace(session, idle_expires_at=iat))
        case "user gone":
            stack.table.delete([("USER#" + user.user_id, "USER")])

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
    exp = unverified_claims(access_token)["exp"]

    with StoppedTime(Time((exp - 600 + seconds) * 1000)).installed():
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


@pytest.mark.parametrize("way", WAYS)
def test_e07_in_bounded_every_revocation_bites_within_five_seconds_and_for_good(
    stack: Stack, user: User, way: str
) -> None:
    authorizer = with_mode(stack.deployment, "bounded")
    login, newest = a_session_in_use(stack, user)
    access_token, other_user = newest.body["access_token"], stack.log_in(stack.new_user()).body["access_token"]
    assert authorizes(authorizer, access_token)

    revoke(stack, user, login, newest, way)

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


def test_in_bounded_other_roles_are_told_within_five_seconds_and_log_nobody_out(
    stack: Stack, user: User, access_token: str
) -> None:
    authorizer = with_mode(stack.deployment, "bounded", CONTEXT_ROLES="true")
    event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
    assert authorizer.invoke(event)["context"]["roles"] == " ".join(user.roles)

    assert stack.accounts.change_roles(user, ("auditor",), an_audit(user, stack.now * 1000))
    stack.clock.advance(5)

    assert authorizer.invoke(event)["context"]["roles"] == "auditor"
    assert stack.authorize(access_token)["context"]["roles"] == "auditor"


def test_a_user_who_was_enabled_again_logs_in_anew_and_their_old_tokens_stay_dead(
    stack: Stack, user: User, access_token: str
) -> None:
    bounded = with_mode(stack.deployment, "bounded")
    stack.accounts.disable(user, an_audit(user, stack.now * 1000))
    assert stack.accounts.enable(user, an_audit(user))

    new = stack.log_in(user).body["access_token"]

    assert (authorizes(bounded, access_token), authorizes(bounded, new)) == (False, True)
    assert (stack.authorize(access_token), stack.authorize(new)["isAuthorized"]) == (DENIED, True)
