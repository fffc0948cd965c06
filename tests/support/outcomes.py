"""What each event of events/ leads to. Its file name says so, and here it is held to its name.

The functions are asked in this process (tests/functions) and, as they were built, in Lambda's runtime (tests/runtime).
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

import jwt

from dev import demo
from dev.sam_local.events import EVENTS, Event, Tokens, filled, log_in, new_address, prepare
from sallyport.aws.dynamodb.one_time_tokens import OneTimeTokens
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.identifiers import is_id
from tests.support.builders import an_audit
from tests.support.cloudformation import listening
from tests.support.deployed import Stack
from tests.support.iam import decision
from tests.support.tokens import ISSUER, unverified_claims

Outcome: TypeAlias = Callable[[Stack, Event, Tokens], None]

EVENT_NAMES = sorted(path.stem for path in EVENTS.glob("*.json"))


def hold_to_its_name(stack: Stack, name: str) -> None:
    """Invoke an event of events/ in the name of the demo user, who has just logged in, and see what it leads to."""
    assert name in OUTCOMES, f"tests/support/outcomes.py does not say what events/{name}.json leads to"
    changed_by_another_event = stack.accounts.named(demo.EMAIL)
    if changed_by_another_event:
        assert stack.accounts.delete(changed_by_another_event, an_audit(changed_by_another_event, stack.now * 1000))
    demo.create_user(stack.table)
    tokens = logged_in(stack)
    prepare(name, stack.table, tokens)
    OUTCOMES[name](stack, filled(EVENTS / f"{name}.json", tokens), tokens)


def logged_in(stack: Stack) -> Tokens:
    """Log the demo user in."""
    return log_in(partial(stack.invoke, "Login"))


def logs_in(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Login", event)

    assert answer.status == 200
    assert answer.body["session_id"] != tokens["SESSION_ID"]
    assert stack.authorize(answer.body["access_token"])["isAuthorized"]
    assert stack.refresh(answer.body["refresh_token"]).status == 200


def is_refused(stack: Stack, event: Event, _: Tokens, *, function: str, code: str, status: int = 401) -> None:
    answer = stack.call(function, event)

    assert (answer.status, answer.body["code"]) == (status, code)


def rotates(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Refresh", event)

    assert answer.status == 200
    presented = unverified_claims(tokens["REFRESH_TOKEN"])["gen"]
    assert unverified_claims(answer.body["refresh_token"])["gen"] == presented + 1
    _, session = stack.sessions.load(tokens["USER_ID"], tokens["SESSION_ID"])
    assert session is not None
    assert session.rotation.parent == presented
    assert stack.authorize(answer.body["access_token"])["isAuthorized"]


def is_replayed(stack: Stack, event: Event, tokens: Tokens) -> None:
    is_refused(stack, event, tokens, function="Refresh", code="invalid_grant")

    assert not is_alive(stack, tokens)


def ends_one_session(stack: Stack, event: Event, tokens: Tokens, *, function: str) -> None:
    other_device = logged_in(stack)

    answer = stack.call(function, event)

    assert (answer.status, answer.body) == (204, {})
    assert not is_alive(stack, tokens)
    assert is_alive(stack, other_device)


def logs_out_everywhere(stack: Stack, event: Event, tokens: Tokens) -> None:
    other_device = logged_in(stack)

    answer = stack.call("Logout", event)

    assert (answer.status, answer.body) == (204, {})
    assert not is_alive(stack, tokens)
    assert not is_alive(stack, other_device)


def is_alive(stack: Stack, tokens: Tokens) -> bool:
    refreshes = stack.refresh(tokens["REFRESH_TOKEN"]).status == 200
    authorizes: bool = stack.authorize(tokens["ACCESS_TOKEN"])["isAuthorized"]
    assert refreshes == authorizes
    return refreshes


def describes_the_caller(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Account", event)

    assert answer.status == 200
    assert (answer.body["sub"], answer.body["email"]) == (tokens["USER_ID"], demo.EMAIL)


def lists_the_callers_sessions(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Account", event)

    assert answer.status == 200
    assert [session["sid"] for session in answer.body["sessions"] if session["current"]] == [tokens["SESSION_ID"]]


def has_a_mail_requested(stack: Stack, event: Event, _: Tokens, *, function: str, status: str) -> None:
    answer = stack.call(function, event)

    assert (answer.status, answer.body["status"], answer.body["expires_in"]) == (202, status, 1800)
    assert is_id(answer.body["request"])


def registers(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Register", event)

    assert answer.status == 200
    user = stack.accounts.named(new_address(tokens))
    assert user is not None
    assert stack.log_in(user, json.loads(event["body"])["password"]).status == 200


def resets_the_password(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Password", event)

    assert answer.status == 200
    assert not is_alive(stack, tokens)
    user = stack.accounts.named(demo.EMAIL)
    assert user is not None
    assert stack.log_in(user, json.loads(event["body"])["password"]).status == 200


def changes_the_password(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Password", event)

    assert (answer.status, answer.body["session_id"]) == (200, tokens["SESSION_ID"])
    assert not stack.authorize(tokens["ACCESS_TOKEN"])["isAuthorized"]
    assert stack.authorize(answer.body["access_token"])["isAuthorized"]


def moves_the_user(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Password", event)

    assert answer.status == 204
    user = stack.accounts.named(new_address(tokens))
    assert user is not None
    assert user.user_id == tokens["USER_ID"]
    assert stack.accounts.named(demo.EMAIL) is None


def deletes_the_user(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Account", event)

    assert (answer.status, answer.body) == (204, {})
    assert stack.accounts.get(tokens["USER_ID"]) is None
    assert not is_alive(stack, tokens)


def makes_a_proof_and_mails_it(stack: Stack, event: Event, tokens: Tokens) -> None:
    assert stack.invoke("Mailer", event) == {"batchItemFailures": []}

    token = OneTimeTokens(stack.table).read("reset_password", tokens["MAIL_REQUEST"])
    assert token is not None
    assert token.is_open(stack.now)


def publishes_the_keys(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Wellknown", event)

    assert answer.status == 200
    kid = jwt.get_unverified_header(tokens["ACCESS_TOKEN"])["kid"]
    (jwk,) = [key for key in answer.body["keys"] if key["kid"] == kid]
    jwt.decode(tokens["ACCESS_TOKEN"], jwt.PyJWK(jwk), algorithms=["RS256"], audience="sallyport", issuer=ISSUER)


def says_where_everything_is(stack: Stack, event: Event, _: Tokens) -> None:
    answer = stack.call("Wellknown", event)

    assert answer.status == 200
    assert (answer.body["issuer"], answer.body["jwks_uri"]) == (ISSUER, f"{ISSUER}/.well-known/jwks.json")


def allows(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.invoke("Authorizer", event)

    assert answer["isAuthorized"] is True
    names_the_caller(answer, tokens)


def denies(stack: Stack, event: Event, _: Tokens) -> None:
    assert stack.invoke("Authorizer", event) == {"isAuthorized": False}


def allows_by_policy_and_denies_another_token(stack: Stack, event: Event, tokens: Tokens) -> None:
    """The names of these events say which API asks."""
    answer = stack.invoke("Authorizer", event)
    denial = stack.invoke("Authorizer", json.loads(json.dumps(event).replace(tokens["ACCESS_TOKEN"], "not.a.token")))

    assert decision(answer, event["methodArn"]) == "Allow"
    names_the_caller(answer, tokens)
    assert decision(denial, event["methodArn"]) == "Deny"


def names_the_caller(answer: Event, tokens: Tokens) -> None:
    context = answer["context"]
    told = (context["sub"], context["sid"], context["jti"])
    assert told == (tokens["USER_ID"], tokens["SESSION_ID"], tokens["TOKEN_ID"])


def lets_a_gateway_pass_the_caller_on(stack: Stack, event: Event, tokens: Tokens) -> None:
    answer = stack.call("Verify", event)

    assert (answer.status, answer.body) == (204, {})
    told = (answer.headers["x-auth-sub"], answer.headers["x-auth-sid"], answer.headers["x-auth-roles"])
    assert told == (tokens["USER_ID"], tokens["SESSION_ID"], "demo")


def keeps_the_keys(stack: Stack, event: Event, _: Tokens) -> None:
    before = PublishedKeys(stack.table).public_ring().jwks

    assert stack.invoke("RotateKeys", event) is None

    assert PublishedKeys(stack.table).public_ring().jwks == before


def reports_to_cloudformation(stack: Stack, event: Event, _: Tokens, *, status: str, because: str = "") -> None:
    with listening() as cloudformation:
        assert stack.invoke("Setup", {**event, "ResponseURL": cloudformation.url}) is None

    (answer,) = cloudformation.answers
    assert (answer["Status"], answer["RequestId"]) == (status, event["RequestId"])
    assert because in answer["Reason"]


OUTCOMES: Mapping[str, Outcome] = {
    "account_deleted": deletes_the_user,
    "account_described": describes_the_caller,
    "account_listed": lists_the_callers_sessions,
    "account_session_ended": partial(ends_one_session, function="Account"),
    "authorizer_allowed": allows,
    "authorizer_denied": denies,
    "authorizer_http_1_0": allows_by_policy_and_denies_another_token,
    "authorizer_rest_request": allows_by_policy_and_denies_another_token,
    "authorizer_rest_token": allows_by_policy_and_denies_another_token,
    "authorizer_websocket_connect": allows_by_policy_and_denies_another_token,
    "login_invalid_credentials": partial(is_refused, function="Login", code="invalid_credentials"),
    "login_logged_in": logs_in,
    "logout_ended": partial(ends_one_session, function="Logout"),
    "logout_everywhere": logs_out_everywhere,
    "mailer_mailed": makes_a_proof_and_mails_it,
    "password_changed": changes_the_password,
    "password_email_change_requested": partial(has_a_mail_requested, function="Password", status="verification_sent"),
    "password_email_changed": moves_the_user,
    "password_reset": resets_the_password,
    "password_reset_sent": partial(has_a_mail_requested, function="Password", status="reset_sent"),
    "refresh_invalid_grant": partial(is_refused, function="Refresh", code="invalid_grant"),
    "refresh_replayed": is_replayed,
    "refresh_rotated": rotates,
    "register_invalid_token": partial(is_refused, function="Register", code="invalid_token", status=400),
    "register_verification_sent": partial(has_a_mail_requested, function="Register", status="verification_sent"),
    "register_verified": registers,
    "rotate_keys_scheduled": keeps_the_keys,
    "setup_accepted": partial(reports_to_cloudformation, status="SUCCESS"),
    "setup_keys_made": partial(reports_to_cloudformation, status="SUCCESS"),
    "setup_refused": partial(
        reports_to_cloudformation, status="FAILED", because="must be at least twice REFRESH_LEEWAY_SECONDS"
    ),
    "verify_allowed": lets_a_gateway_pass_the_caller_on,
    "verify_below": lets_a_gateway_pass_the_caller_on,
    "verify_invalid_token": partial(is_refused, function="Verify", code="invalid_token"),
    "verify_role_missing": partial(is_refused, function="Verify", code="role_missing", status=403),
    "wellknown_discovery": says_where_everything_is,
    "wellknown_key_set": publishes_the_keys,
}
