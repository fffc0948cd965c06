"""docs/attacks.md, E, where our own endpoints and the template answer: E01, E02, E03, E10, E12, E14."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.gateway.gateway import Gateway
from dev.gateway.matching import METHODS_OF_ANY
from dev.sam.stack import read, translate
from dev.sam.template import ACCOUNT, ANY, REGION, Route, as_cloudformation
from sallyport.accounts.user import User
from tests.attacks.gateway import a_request, gateway_before
from tests.support.deployed import PASSWORD, Stack, sample
from tests.support.tokens import unverified_claims
from tests.support.watch import READS, Watch

BAD_AUTHORIZATIONS = [
    "", "Bearer", "Bearer ", "Basic {token}", "Token {token}", "{token}", "Bearer  {token}", "Bearer\t{token}",
    " Bearer {token}", "Bearer {token} ", 'Bearer "{token}"', "Bearer {token},Bearer {token}", "Bearer {token}, x",
    "Bearer x,Bearer {token}", "Bearer {token}=", "Bearer {token}\n", "Bearer={token}", "Bearer:{token}",
]  # fmt: skip
SPOOFED = {
    "x-http-method-override": "DELETE", "x-method-override": "DELETE", "x-forwarded-for": "203.0.113.9",
    "x-real-ip": "203.0.113.9", "forwarded": "for=203.0.113.9", "true-client-ip": "203.0.113.9",
    "cf-connecting-ip": "203.0.113.9", "x-user-id": "someone-else", "x-amzn-requestid": "someone-else",
    "x-amzn-trace-id": "someone-else", "x-amz-source-ip": "203.0.113.9", "x-original-url": "/auth/sessions",
    "x-forwarded-host": "evil.example", "host": "evil.example",
}  # fmt: skip


@pytest.mark.parametrize("header", BAD_AUTHORIZATIONS)
def test_e01_e02_logout_takes_no_other_header_for_a_credential(
    watch: Watch, stack: Stack, login: dict[str, Any], header: str
) -> None:
    """The one endpoint of ours that reads this header itself."""
    for everywhere in (False, True):
        authorization = header.format(token=login["access_token"])
        event = sample("logout_everywhere", body={"everywhere": everywhere}, authorization=authorization)
        with watch.quiet(authorization) as lines:
            assert stack.call("Logout", event).status == 204
        assert lines[0]["outcome"] == "nothing_to_end"

    assert stack.authorize(login["access_token"])["isAuthorized"]


@pytest.mark.parametrize(
    "header", ["x-authorization", "x-amzn-remapped-authorization", "proxy-authorization", "cookie"]
)
def test_e02_logout_finds_a_token_nowhere_else(watch: Watch, stack: Stack, login: dict[str, Any], header: str) -> None:
    event = sample("logout_ended", body={})
    event["headers"][header] = f"Bearer {login['access_token']}"
    event["queryStringParameters"] = {"access_token": login["access_token"], "refresh_token": login["refresh_token"]}
    event["rawQueryString"] = f"access_token={login['access_token']}&refresh_token={login['refresh_token']}"
    with watch.quiet(login["access_token"], login["refresh_token"]) as lines:
        assert stack.call("Logout", event).status == 204

    assert lines[0]["outcome"] == "nothing_to_end"
    assert stack.authorize(login["access_token"])["isAuthorized"]


def test_e03_no_header_says_where_a_login_comes_from(stack: Stack, user: User) -> None:
    event = sample("login_logged_in", body={"email": user.email, "password": PASSWORD})
    event["headers"].update(SPOOFED)
    answer = stack.call("Login", event)

    _, session = stack.sessions.load(user.user_id, answer.body["session_id"])
    assert session is not None
    assert session.ip == event["requestContext"]["http"]["sourceIp"] != "203.0.113.9"
    assert unverified_claims(answer.body["access_token"])["sub"] == user.user_id


@pytest.mark.parametrize("header", SPOOFED)
def test_e03_no_header_makes_another_request_of_one(stack: Stack, login: dict[str, Any], header: str) -> None:
    gateway = gateway_before(stack)
    authorization = ("authorization", f"Bearer {login['access_token']}")

    answer = gateway.answer(a_request("GET", "/auth/me", authorization, (header, SPOOFED[header])))

    assert (answer.status, json.loads(answer.body)["sub"]) == (200, unverified_claims(login["access_token"])["sub"])


@pytest.mark.parametrize("lines", [1, 10_000])
def test_e10_no_request_can_make_an_answer_too_long_for_the_gateway(stack: Stack, user: User, lines: int) -> None:
    """What the context holds is ours: claims that we have signed, roles that the operator has given."""
    token = stack.log_in(user).body["access_token"]
    event = sample("authorizer_allowed", authorization=f"Bearer {token}")
    event["headers"]["x-padding"] = "x" * lines
    event["rawPath"] = "/" + "x" * lines

    answer = stack.invoke("Authorizer", event)

    assert answer["isAuthorized"]
    assert len(json.dumps(answer)) < 1024
    assert all(isinstance(value, str | int) for value in answer["context"].values())


# E12: who may invoke a function at all


@pytest.fixture(scope="module")
def permissions(cloud: Cloud) -> list[Mapping[str, Any]]:
    resources = translate(table_name="table", kms_key_id="key")
    return [r["Properties"] for r in resources.values() if r["Type"] == "AWS::Lambda::Permission"]


def test_e12_only_our_api_may_invoke_a_function_that_believes_what_the_authorizer_said(
    permissions: list[Mapping[str, Any]], cloud: Cloud
) -> None:
    """`requestContext.authorizer` is believed, so nobody but the gateway that wrote it may send it.

    Not even another API of the same account: each permission names ours, and the one route or the authorizer.
    """
    routes = {route.key for route in read(table_name="table", kms_key_id="key").routes.values()}
    sources = []
    for permission in permissions:
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["Action"] == "lambda:InvokeFunction"
        arn, _, called = permission["SourceArn"].partition(":Api/")
        assert arn == f"arn:aws:execute-api:{REGION}:{ACCOUNT}"
        sources.append(called.removeprefix("*/"))

    assert sources.count("authorizers/*") == 1
    assert len(sources) == len(routes) + 1
    for key in routes:
        method, _, path = key.partition(" ")
        assert [s for s in sources if s == f"{'*' if method == ANY else method}{_with_stars(path)}"], key


def _with_stars(path: str) -> str:
    """Write a route as a permission does: any value for a parameter of the path."""
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))


def test_e12_no_function_has_a_url_or_a_policy_of_its_own() -> None:
    resources = as_cloudformation()[0]["Resources"]
    kinds = {resource["Type"] for resource in resources.values()}

    assert not kinds & {"AWS::Lambda::Url", "AWS::Lambda::LayerVersionPermission", "AWS::Lambda::EventInvokeConfig"}


def test_e12_a_public_function_believes_nothing_that_stands_where_the_authorizer_writes(
    watch: Watch, stack: Stack, login: dict[str, Any]
) -> None:
    """Invoked directly with a forged context, these ask for a credential all the same."""
    forged = {"lambda": {name: unverified_claims(login["access_token"])[name] for name in ("sub", "sid", "jti", "ver")}}
    for function, name, status in (("Refresh", "refresh_rotated", 401), ("Logout", "logout_ended", 204)):
        event = sample(name, body={})
        event["requestContext"]["authorizer"] = forged
        with watch.quiet(reads=READS):
            assert stack.call(function, event).status == status

    assert stack.authorize(login["access_token"])["isAuthorized"]


# E14: other methods

METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "POST ",
    "PROPFIND",
    "",
]


class Asked:
    """A function that only remembers that somebody came through."""

    def __init__(self) -> None:
        self.times = 0

    def invoke(self, event: Mapping[str, Any], *, patience: float) -> Any:
        self.times += 1
        return {"isAuthorized": True, "statusCode": 200}


@pytest.mark.parametrize("method", METHODS)
def test_e14_only_the_method_of_a_route_reaches_a_function(cloud: Cloud, method: str) -> None:
    routes: Mapping[tuple[str, str], Route] = read(table_name="table", kms_key_id="key").routes
    for path in {path for _, path in routes}:
        function = Asked()
        names = {name for route in routes.values() for name in (route.function, route.authorizer) if name}
        functions = dict.fromkeys(names, function)
        gateway = Gateway(functions=functions, routes=routes, cors=None, dev_routes={}, hosts=("h",), now_ms=lambda: 0)

        answer = gateway.answer(a_request(method, path, ("authorization", "Bearer x")))

        if (method, path) in routes or ((ANY, path) in routes and method in METHODS_OF_ANY):
            assert (answer.status, function.times > 0) == (200, True)
        else:
            assert (answer.status, function.times) == (404, 0)


def test_e14_nothing_is_changed_by_a_get(cloud: Cloud) -> None:
    """So a link, an image or a prefetch of a browser changes nothing."""
    routes = read(table_name="table", kms_key_id="key").routes
    gets = {path for method, path in routes if method == "GET"}

    assert gets == {
        "/auth/me", "/auth/sessions", "/.well-known/jwks.json", "/.well-known/openid-configuration"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["account_described", "account_listed", "wellknown_key_set", "wellknown_discovery"])
def test_e14_and_none_of_these_writes(watch: Watch, stack: Stack, login: dict[str, Any], name: str) -> None:
    told = unverified_claims(login["access_token"])
    event = json.loads(json.dumps(sample(name)).replace("USER_ID", told["sub"]).replace("SESSION_ID", told["sid"]))
    function = "Account" if name.startswith("account") else "Wellknown"

    with watch.quiet(reads=READS) as lines:
        assert stack.call(function, event).status == 200
    assert lines[0]["status"] == 200
