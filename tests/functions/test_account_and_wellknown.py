"""GET /auth/me and the well-known documents, event in and answer out."""

from typing import Any

import jwt
import pytest

from dev.aws.cloud import Cloud, create_table
from dev.lambda_host.functions import LocalFunction
from dev.sam.stack import read
from dev.sam.template import ROOT, FunctionSpec
from sallyport.accounts.user import User
from tests.support.builders import DAY, an_audit
from tests.support.deployed import Stack, sample
from tests.support.tokens import ISSUER, unverified_claims


def test_me_describes_the_caller_whom_the_authorizer_named(stack: Stack, user: User) -> None:
    caller = {"sub": user.user_id, "sid": stack.log_in(user).body["session_id"]}
    event = sample("account_described")
    event["requestContext"]["authorizer"]["lambda"] |= caller

    answer = stack.call("Account", event)

    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.body == {
        "sub": user.user_id,
        "email": user.email,
        "roles": ["reader", "writer"],
        "created_at": user.created_at,
    }


def sessions_of(stack: Stack, user: User, current_sid: str) -> list[dict[str, Any]]:
    event = sample("account_listed")
    event["requestContext"]["authorizer"]["lambda"] |= {"sub": user.user_id, "sid": current_sid}
    answer = stack.call("Account", event)
    assert answer.status == 200
    listed: list[dict[str, Any]] = answer.body["sessions"]
    return listed


def test_a_user_sees_where_they_are_logged_in_the_last_used_first(stack: Stack, user: User) -> None:
    phone = stack.log_in(user)
    stack.clock.advance(7200)
    laptop = stack.log_in(user)

    here, there = sessions_of(stack, user, laptop.body["session_id"])

    assert (here["sid"], here["current"]) == (laptop.body["session_id"], True)
    assert (there["sid"], there["current"]) == (phone.body["session_id"], False)
    assert here.keys() == {"sid", "created_at", "last_used_at", "expires_at", "user_agent", "ip", "current"}
    assert (here["ip"], here["user_agent"]) == ("192.0.2.44", "Mozilla/5.0 (X11; Linux x86_64)")
    assert here["last_used_at"] % 3600 == 0
    assert here["last_used_at"] <= here["created_at"] < here["last_used_at"] + 3600
    assert here["expires_at"] == here["created_at"] + 30 * DAY


def test_sessions_that_ended_and_other_users_sessions_are_not_listed(stack: Stack, user: User) -> None:
    stack.log_in(stack.new_user())
    left = stack.log_in(user)
    stack.log_out(refresh_token=left.body["refresh_token"])
    here = stack.log_in(user).body["session_id"]

    assert [s["sid"] for s in sessions_of(stack, user, here)] == [here]


@pytest.mark.parametrize("event_name", ["account_described", "account_listed"])
@pytest.mark.parametrize("ended", ["logged out", "everywhere", "disabled", "token revoked", "expired"])
def test_a_caller_whose_token_is_dead_reads_nothing_whatever_the_authorizer_let_pass(
    stack: Stack, user: User, ended: str, event_name: str
) -> None:
    """In `bounded` and `stateless` the authorizer learns of it later; the routes of this function check themselves."""
    login = stack.log_in(user).body
    claims = unverified_claims(login["access_token"])
    event = sample(event_name)
    event["requestContext"]["authorizer"]["lambda"] |= {name: claims[name] for name in ("sub", "sid", "jti", "ver")}
    assert stack.call("Account", event).status == 200

    match ended:
        case "logged out" | "everywhere":
            stack.log_out(refresh_token=login["refresh_token"], everywhere=ended == "everywhere")
        case "disabled":
            assert stack.accounts.disable(user, an_audit(user, stack.now * 1000))
        case "token revoked":
            assert stack.revocations.revoke_token(claims["jti"], now_ms=stack.now * 1000)
        case _:
            stack.clock.advance(30 * DAY)

    answer = stack.call("Account", event)
    assert (answer.status, answer.body["code"]) == (401, "invalid_token")


@pytest.mark.parametrize("authorizer", [None, {}, {"lambda": None}, {"lambda": {}}, {"lambda": {"sub": ""}},
                                        {"lambda": {"sub": 7}}, {"lambda": {"sub": "nobody"}},
                                        {"lambda": {"sub": "a", "sid": "b", "jti": "c", "ver": True}}])  # fmt: skip
@pytest.mark.parametrize("event_name", ["account_described", "account_listed", "account_session_ended"])
def test_without_a_caller_it_is_401(stack: Stack, authorizer: Any, event_name: str) -> None:
    event = sample(event_name)
    event["requestContext"]["authorizer"] = authorizer or {}

    answer = stack.call("Account", event)

    assert (answer.status, answer.body["code"]) == (401, "invalid_token")


def test_the_key_set_verifies_our_tokens_and_holds_no_private_member(stack: Stack, user: User) -> None:
    answer = stack.call("Wellknown", sample("wellknown_key_set"))

    assert (answer.status, answer.headers["cache-control"]) == (200, "public, max-age=300")
    for key in answer.body["keys"]:
        assert key.keys() == {"kty", "n", "e", "kid", "alg", "use"}
    token = stack.log_in(user).body["access_token"]
    (jwk,) = [key for key in answer.body["keys"] if key["kid"] == jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, jwt.PyJWK(jwk), algorithms=["RS256"], audience="sallyport", issuer=ISSUER)
    assert claims["sub"] == user.user_id


def test_an_active_key_and_a_standby_are_published(stack: Stack) -> None:
    assert len(stack.call("Wellknown", sample("wellknown_key_set")).body["keys"]) == 2


def test_discovery_says_where_everything_is(stack: Stack) -> None:
    answer = stack.call("Wellknown", sample("wellknown_discovery"))

    assert answer.status == 200
    assert (answer.body["issuer"], answer.body["jwks_uri"]) == (ISSUER, f"{ISSUER}/.well-known/jwks.json")
    assert answer.body["id_token_signing_alg_values_supported"] == ["RS256"]


@pytest.mark.parametrize("function", ["Login", "Refresh", "Logout", "Account", "Wellknown"])
def test_a_route_that_a_function_does_not_serve_is_a_problem_without_detail(stack: Stack, function: str) -> None:
    event = sample("account_described")
    event["routeKey"] = "DELETE /everything"

    answer = stack.call(function, event)

    assert (answer.status, answer.body["code"]) == (500, "internal_error")


def test_before_the_first_keys_every_function_says_unavailable(cloud: Cloud) -> None:
    create_table("keyless", read(table_name="keyless", kms_key_id="unused").table, None)
    folder = ROOT / "functions" / "wellknown"
    function = LocalFunction(FunctionSpec("Wellknown", folder, {"TABLE_NAME": "keyless"}, timeout=20))

    assert function.invoke(sample("wellknown_key_set"))["statusCode"] == 503
