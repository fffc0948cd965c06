"""/auth/verify, event in and answer out. What it decides is the authorizer's decision: test_authorizer.py."""

import subprocess
import sys
from typing import Any

import pytest

from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.accounts.user import User
from tests.support.deployed import Answer, Stack, sample
from tests.support.tokens import unverified_claims
from tests.support.wire import Wire

SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"


def with_mode(stack: Stack, mode: str, **more: str) -> LocalFunction:
    environment = {"TABLE_NAME": stack.deployment.table_name, "REVOCATION_MODE": mode, **more}
    return LocalFunction(FunctionSpec("Verify", ROOT / "functions" / "verify", environment, timeout=10))


def asking(access_token: str | None, query: str = "", **headers: str) -> dict[str, Any]:
    event = sample("verify_allowed", authorization=f"Bearer {access_token}")
    event["rawQueryString"] = query
    if access_token is None:
        del event["headers"]["authorization"]
    event["headers"] |= headers
    return event


def test_in_strict_a_gateway_is_told_the_caller_and_may_keep_nothing(
    stack: Stack, user: User, login: Answer, wire: Wire
) -> None:
    event = asking(login.body["access_token"], "role=reader")
    stack.call("Verify", event)
    wire.reset()
    answer = stack.call("Verify", event)

    assert (answer.status, answer.body) == (204, {})
    told = {name: value for name, value in answer.headers.items() if name.startswith("x-a")}
    assert told == {
        "x-auth-sub": user.user_id,
        "x-auth-sid": login.body["session_id"],
        "x-auth-client": "sallyport",
        "x-auth-scope": "",
        "x-auth-roles": "reader writer",
        "x-accel-expires": "0",
    }
    assert answer.headers["cache-control"] == "no-store"
    assert wire.calls == ["BatchGetItem"]


def test_in_strict_a_revocation_bites_on_the_next_request(stack: Stack, login: Answer, access_token: str) -> None:
    assert stack.call("Verify", asking(access_token)).status == 204

    stack.log_out(refresh_token=login.body["refresh_token"])

    assert stack.call("Verify", asking(access_token)).status == 401


def test_in_bounded_the_polls_seconds_decide_of_the_window_and_of_the_gateways_cache(
    stack: Stack, user: User, login: Answer, access_token: str, wire: Wire
) -> None:
    verify = with_mode(stack, "bounded", REVOCATION_POLL_SECONDS="7")
    first = verify.invoke(asking(access_token))
    wire.reset()
    again = verify.invoke(asking(access_token))
    assert wire.calls == []
    stack.log_out(refresh_token=login.body["refresh_token"])

    stack.clock.advance(6)
    assert verify.invoke(asking(access_token))["statusCode"] == 204
    stack.clock.advance(1)
    assert verify.invoke(asking(access_token))["statusCode"] == 401
    assert first["headers"] == again["headers"]
    assert (first["headers"]["x-accel-expires"], first["headers"]["x-auth-roles"]) == ("7", " ".join(user.roles))


def test_in_stateless_nothing_is_read_and_no_role_can_be_asked_for(
    stack: Stack, login: Answer, access_token: str, wire: Wire
) -> None:
    verify = with_mode(stack, "stateless")
    verify.invoke(asking(access_token))
    stack.log_out(refresh_token=login.body["refresh_token"])
    wire.reset()

    answer = verify.invoke(asking(access_token))
    asked_for_a_role = verify.invoke(asking(access_token, "role=reader"))

    assert wire.calls == []
    assert answer["statusCode"] == 204
    assert (answer["headers"]["x-auth-roles"], answer["headers"]["x-accel-expires"]) == ("", "60")
    assert asked_for_a_role["statusCode"] == 400
    stack.clock.advance(unverified_claims(access_token)["exp"] - stack.now)
    assert verify.invoke(asking(access_token))["statusCode"] == 401


@pytest.mark.parametrize(("event", "challenge"), [
    (asking(None), "Bearer"),
    (asking(None, authorization="Basic YTpi"), "Bearer"),
    (asking(None, cookie="access_token=x"), "Bearer"),
    (asking("not.a.canary"), 'Bearer error="invalid_token"'),
])  # fmt: skip
def test_the_challenge_says_whether_there_was_a_token(
    stack: Stack, event: dict[str, Any], challenge: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = stack.call("Verify", event)

    assert (answer.status, answer.headers["www-authenticate"]) == (401, challenge)
    assert "x-accel-expires" not in answer.headers
    (record,) = caplog.records
    assert (record.message, record.__dict__["outcome"]) == ("answered", "invalid_token")
    assert "canary" not in str(record.__dict__)


def test_who_passes_leaves_no_line_for_the_gateways_have_their_own_logs(
    stack: Stack, access_token: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.clear()
    capsys.readouterr()

    assert stack.call("Verify", asking(access_token)).status == 204

    assert not caplog.records
    assert capsys.readouterr().out == ""


def test_a_role_that_is_missing_is_403_and_not_a_reason_to_refresh(stack: Stack, access_token: str) -> None:
    answer = stack.call("Verify", asking(access_token, "role=reader&role=admin"))

    assert (answer.status, answer.body["code"]) == (403, "role_missing")
    assert stack.call("Verify", asking(access_token, "role=reader&role=writer")).status == 204


def test_a_table_that_is_away_is_503_and_lets_nobody_pass(stack: Stack, access_token: str, wire: Wire) -> None:
    stack.call("Verify", asking(access_token))
    wire.refuse("BatchGetItem")

    answer = stack.call("Verify", asking(access_token))

    assert (answer.status, answer.headers["retry-after"]) == (503, "1")


def test_l29_where_only_a_proxy_may_call_a_gateway_needs_its_secret_too(stack: Stack, access_token: str) -> None:
    verify = with_mode(stack, "stateless", TRUSTED_ADDRESS_HEADER="X-Viewer-Address", ORIGIN_SECRET=SECRET)
    by_proxy = {"x-viewer-address": "192.0.2.4", "x-sallyport-origin": SECRET}

    assert verify.invoke(asking(access_token, **by_proxy))["statusCode"] == 204
    assert verify.invoke(asking(access_token))["statusCode"] == 403


def test_its_cold_start_loads_nothing_beside_what_the_authorizer_loads_but_our_own_modules() -> None:
    program = (
        "import sys, sallyport.wiring.authorizer; before = set(sys.modules)\n"
        "import sallyport.wiring.verify; print(*set(sys.modules) - before, sep='\\n')"
    )

    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = ran.stdout.split()
    assert "sallyport.wiring.verify" in loaded
    assert [module for module in loaded if not module.startswith("sallyport.")] == []
