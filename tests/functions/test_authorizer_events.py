"""The authorizer, asked in each of API Gateway's five ways."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.aws.authorizer.handler import AuthorizerUnavailable, Unauthorized
from sallyport.identifiers import new_id
from tests.support.builders import WEAK_PASSWORDS, a_user, an_audit
from tests.support.deployed import PASSWORD, STRICT, Stack, sample
from tests.support.iam import decision
from tests.support.shapes import SAMPLES, STAGES, Event, allowed, asked
from tests.support.stores import in_dynamodb
from tests.support.tokens import ISSUER, unverified_claims
from tests.support.watch import Watch
from tests.support.wire import Wire

WITH_MULTI_VALUE_HEADERS = ["HTTP API 1.0", "REST API REQUEST", "WebSocket $connect"]

every_shape = pytest.mark.parametrize("shape", SAMPLES)
every_policy_shape = pytest.mark.parametrize("shape", STAGES)
every_multi_value_shape = pytest.mark.parametrize("shape", WITH_MULTI_VALUE_HEADERS)


# One user and one login serve the tests that only ask, so tokens live for an hour here.


@pytest.fixture(scope="module")
def deployment(cloud: Cloud) -> Deployment:
    return deploy(ISSUER, {**STRICT, "ACCESS_TOKEN_SECONDS": "3600"}, table_name=f"authorizer-events-{new_id()}")


@pytest.fixture(scope="module")
def user(deployment: Deployment) -> User:
    user = a_user()
    assert in_dynamodb(deployment.table_name).accounts.create(
        user, WEAK_PASSWORDS.hash(normal(PASSWORD)), an_audit(user)
    )
    return user


@pytest.fixture(scope="module")
def login(deployment: Deployment, user: User) -> dict[str, Any]:
    event = sample("login_logged_in", body={"email": user.email, "password": PASSWORD})
    tokens: dict[str, Any] = json.loads(deployment.functions["Login"].invoke(event)["body"])
    return tokens


@pytest.fixture(scope="module")
def access_token(login: dict[str, Any]) -> str:
    token: str = login["access_token"]
    return token


@pytest.fixture(scope="module")
def raising(deployment: Deployment) -> LocalFunction:
    """The same authorizer with UNAUTHORIZED_AS=raise."""
    return authorizer_with(deployment, UNAUTHORIZED_AS="raise")


def authorizer_with(deployment: Deployment, **settings: str) -> LocalFunction:
    spec = deployment.functions["Authorizer"].spec
    return LocalFunction(replace(spec, environment={**spec.environment, **settings}))


# What is answered


@every_shape
def test_an_allow_says_who_is_calling_in_the_same_scalars(
    stack: Stack, user: User, login: dict[str, Any], access_token: str, shape: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.clear()
    answer = stack.invoke("Authorizer", asked(shape, f"Bearer {access_token}"))
    claims = unverified_claims(access_token)

    assert allowed(answer, shape)
    assert answer["context"] == {
        "sub": user.user_id,
        "sid": login["session_id"],
        "jti": claims["jti"],
        "ver": 1,
        "client_id": "sallyport",
        "auth_time": claims["auth_time"],
        "scope": "",
        "roles": "reader writer",
    }
    assert caplog.records == []  # an allow writes no log line


@every_policy_shape
def test_an_allow_is_a_policy_over_the_whole_stage(stack: Stack, user: User, access_token: str, shape: str) -> None:
    answer = stack.invoke("Authorizer", asked(shape, f"Bearer {access_token}"))

    del answer["context"]
    assert answer == {
        "principalId": user.user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{STAGES[shape]}/*"}],
        },
    }


@every_policy_shape
def test_a_denial_is_an_explicit_one_over_the_whole_stage_and_names_nobody(stack: Stack, shape: str) -> None:
    assert stack.invoke("Authorizer", asked(shape, "Bearer not.a.token")) == {
        "principalId": "anonymous",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Deny", "Resource": f"{STAGES[shape]}/*"}],
        },
    }


@every_shape
def test_a_denial_writes_one_line_that_names_the_request_and_not_the_token(
    stack: Stack, shape: str, caplog: pytest.LogCaptureFixture
) -> None:
    event = asked(shape, "Bearer not.a.canary")

    assert not allowed(stack.invoke("Authorizer", event), shape)

    (record,) = caplog.records
    assert (record.message, record.__dict__["reason"]) == ("denied", "encoding")
    if "requestContext" in event:
        assert record.__dict__["request_id"] == event["requestContext"]["requestId"]
    assert record.__dict__["request_id"]
    assert "canary" not in str(record.__dict__)


@every_shape
def test_a_revoked_token_is_denied_on_the_next_request(stack: Stack, shape: str) -> None:
    login = stack.log_in(stack.new_user()).body
    event = asked(shape, f"Bearer {login['access_token']}")
    assert allowed(stack.invoke("Authorizer", event), shape)

    stack.log_out(refresh_token=login["refresh_token"])

    assert not allowed(stack.invoke("Authorizer", event), shape)


# E01, E02, E03: where a credential may stand

BAD_AUTHORIZATIONS = [
    "", "Bearer", "Bearer ", "Basic {token}", "Token {token}", "{token}", "Bearer  {token}", "Bearer\t{token}",
    " Bearer {token}", "Bearer {token} ", 'Bearer "{token}"', "Bearer {token},Bearer {token}", "Bearer {token}, x",
    "Bearer x,Bearer {token}", "Bearer {token}=", "Bearer {token}\n", "Bearer={token}", "Bearer:{token}",
]  # fmt: skip


@every_shape
@pytest.mark.parametrize("header", BAD_AUTHORIZATIONS)
def test_e01_e02_anything_but_one_bearer_token_is_denied(
    watch: Watch, access_token: str, shape: str, header: str
) -> None:
    assert watch.denies(header.format(token=access_token), shape) == "authorization"


@every_shape
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_e01_the_scheme_is_case_insensitive(stack: Stack, access_token: str, shape: str, scheme: str) -> None:
    assert allowed(stack.invoke("Authorizer", asked(shape, f"{scheme} {access_token}")), shape)


def without_headers(event: Event) -> None:
    event["headers"] = event["multiValueHeaders"] = None


def without_authorization(event: Event) -> None:
    del event["headers"]["Authorization"], event["multiValueHeaders"]["Authorization"]


@every_multi_value_shape
@pytest.mark.parametrize("take_away", [without_headers, without_authorization])
def test_e01_no_header_at_all_is_denied(
    watch: Watch, access_token: str, shape: str, take_away: Callable[[Event], None]
) -> None:
    event = asked(shape, f"Bearer {access_token}")
    take_away(event)

    assert watch.denies_event(event, shape, access_token) == "authorization"


ELSEWHERE = [
    "X-Amzn-Remapped-Authorization", "X-Authorization", "Proxy-Authorization", "X-User-Id", "Cookie",
    "Sec-WebSocket-Protocol", "Authorization ", "Authorization\n",
]  # fmt: skip


@every_multi_value_shape
@pytest.mark.parametrize("header", ELSEWHERE)
def test_e02_a_token_anywhere_else_counts_for_nothing(watch: Watch, access_token: str, shape: str, header: str) -> None:
    event = asked(shape, f"Bearer {access_token}")
    without_authorization(event)
    event["headers"][header] = f"Bearer {access_token}"
    event["multiValueHeaders"][header] = [f"Bearer {access_token}"]
    for name in ("access_token", "Authorization", "token"):
        event["queryStringParameters"][name] = access_token
        event["multiValueQueryStringParameters"][name] = [access_token]
    event["authorizationToken"] = event["identitySource"] = f"Bearer {access_token}"
    event["body"] = f"access_token={access_token}"

    assert watch.denies_event(event, shape, access_token) == "authorization"


def test_e02_a_token_event_is_judged_by_its_token_alone(watch: Watch, access_token: str) -> None:
    event = asked("REST API TOKEN", "Bearer not.a.token")
    event["headers"] = {"Authorization": f"Bearer {access_token}"}
    event["identitySource"] = f"Bearer {access_token}"

    assert watch.denies_event(event, "REST API TOKEN", access_token) == "encoding"


@every_multi_value_shape
@pytest.mark.parametrize(
    ("headers", "multi_value_headers"),
    [
        ({"Authorization": "GOOD"}, {"Authorization": ["BAD", "GOOD"]}),
        ({"Authorization": "BAD"}, {"Authorization": ["GOOD", "BAD"]}),
        ({"Authorization": "GOOD"}, {"Authorization": ["GOOD", "GOOD"]}),
        ({"Authorization": "GOOD"}, {"Authorization": ["GOOD", ""]}),
        ({"Authorization": "GOOD", "authorization": "BAD"}, {"Authorization": ["GOOD"], "authorization": ["BAD"]}),
        ({"Authorization": "GOOD", "authorization": "GOOD"}, {"Authorization": ["GOOD"], "authorization": ["GOOD"]}),
        ({"Authorization": "GOOD"}, {"Authorization": ["GOOD"], "AUTHORIZATION": ["GOOD"]}),
        ({"Authorization": "GOOD", "AUTHORIZATION": "GOOD"}, {"Authorization": ["GOOD"]}),
        ({"Authorization": "GOOD"}, {"Authorization": ["BAD"]}),
        ({"Authorization": "BAD"}, {"Authorization": ["GOOD"]}),
        ({"Authorization": "GOOD"}, {"Authorization": []}),
        ({"Authorization": "GOOD"}, {"Authorization": "GOOD"}),
        ({"Authorization": "GOOD"}, {}),
        ({}, {"Authorization": ["GOOD"]}),
        (None, {"Authorization": ["GOOD"]}),
        ({"Authorization": "GOOD", "authorization": "BAD"}, None),
        ({"authorization": "GOOD", "AUTHORIZATION": "GOOD"}, None),
    ],
)
def test_e02_two_authorization_headers_are_denied_and_neither_wins(
    watch: Watch, access_token: str, shape: str, headers: Event | None, multi_value_headers: Event | None
) -> None:
    event = asked(shape, "")
    told = json.dumps([headers, multi_value_headers]).replace("GOOD", f"Bearer {access_token}")
    event["headers"], event["multiValueHeaders"] = json.loads(told.replace("BAD", "Bearer not.a.token"))

    assert watch.denies_event(event, shape, access_token) == "authorization"


@every_multi_value_shape
@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"])
@pytest.mark.parametrize("multi_value", [True, False])
def test_e03_the_headers_name_is_case_insensitive(
    stack: Stack, access_token: str, shape: str, name: str, multi_value: bool
) -> None:
    event = asked(shape, "")
    without_authorization(event)
    event["headers"][name] = f"Bearer {access_token}"
    event["multiValueHeaders"][name] = [f"Bearer {access_token}"]
    if not multi_value:
        del event["multiValueHeaders"]

    assert allowed(stack.invoke("Authorizer", event), shape)


@pytest.mark.parametrize("name", ["Authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"])
def test_e03_payload_2_0_is_read_in_every_spelling_too(stack: Stack, access_token: str, name: str) -> None:
    """API Gateway writes it in lower case there; sam local and LocalStack do not."""
    event = asked("HTTP API 2.0", f"Bearer {access_token}")
    event["headers"][name] = event["headers"].pop("authorization")

    assert allowed(stack.invoke("Authorizer", event), "HTTP API 2.0")


@pytest.mark.parametrize(("first", "second"), [("GOOD", "BAD"), ("BAD", "GOOD"), ("GOOD", "GOOD"), ("GOOD", "")])
def test_e02_payload_2_0_with_two_spellings_of_the_header_is_denied(
    watch: Watch, access_token: str, first: str, second: str
) -> None:
    event = asked("HTTP API 2.0", "")
    told = {"GOOD": f"Bearer {access_token}", "BAD": "Bearer not.a.token", "": ""}
    event["headers"].update({"authorization": told[first], "Authorization": told[second]})

    assert watch.denies_event(event, "HTTP API 2.0", access_token) == "authorization"


SPOOFED = {
    "X-HTTP-Method-Override": "DELETE", "X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1",
    "X-User-Id": "someone-else", "x-amzn-requestid": "someone-else", "x-amzn-principal": "someone-else",
}  # fmt: skip


@pytest.mark.parametrize("shape", ["HTTP API 2.0", *WITH_MULTI_VALUE_HEADERS])
def test_e03_no_other_header_says_who_is_calling(stack: Stack, access_token: str, shape: str) -> None:
    plain, spoofed = (asked(shape, f"Bearer {access_token}") for _ in range(2))
    spoofed["headers"].update(SPOOFED)
    if "multiValueHeaders" in spoofed:
        spoofed["multiValueHeaders"].update({name: [value] for name, value in SPOOFED.items()})

    assert stack.invoke("Authorizer", spoofed) == stack.invoke("Authorizer", plain)


# E05, E06, E09: the cache, other users, strange paths

ROUTES = ["GET/me", "DELETE/users/x", "GET/", "POST/a/b/c", "$connect"]


@every_policy_shape
@pytest.mark.parametrize("called", ROUTES)
def test_e05_a_cached_answer_is_right_for_every_route_of_the_stage_and_says_nothing_of_another(
    stack: Stack, access_token: str, shape: str, called: str
) -> None:
    good, bad = asked(shape, f"Bearer {access_token}"), asked(shape, "Bearer not.a.token")
    good["methodArn"] = bad["methodArn"] = f"{STAGES[shape]}/{called}"

    allow, deny = stack.invoke("Authorizer", good), stack.invoke("Authorizer", bad)

    for next_one in ROUTES:
        assert decision(allow, f"{STAGES[shape]}/{next_one}") == "Allow"
        assert decision(deny, f"{STAGES[shape]}/{next_one}") == "Deny"
        assert decision(allow, f"{STAGES[shape]}-2/{next_one}") is None
        assert decision(allow, f"arn:aws:execute-api:eu-central-1:123456789012:other/prod/{next_one}") is None


@every_shape
def test_e06_two_users_in_one_environment_are_told_apart(stack: Stack, shape: str) -> None:
    users = [stack.new_user() for _ in range(2)]
    tokens = [stack.log_in(user).body["access_token"] for user in users]

    for _ in range(2):
        for user, token in zip(users, tokens, strict=True):
            answer = stack.invoke("Authorizer", asked(shape, f"Bearer {token}"))
            assert answer["context"]["sub"] == user.user_id
            assert answer.get("principalId", user.user_id) == user.user_id
            assert not allowed(stack.invoke("Authorizer", asked(shape, f"Bearer {token[:-4]}AAAA")), shape)


def test_e06_one_token_on_two_stages_gets_a_policy_for_each(stack: Stack, access_token: str) -> None:
    event = asked("REST API REQUEST", f"Bearer {access_token}")
    prod = stack.invoke("Authorizer", event)
    event["methodArn"] = event["methodArn"].replace("/prod/", "/beta/")
    beta = stack.invoke("Authorizer", event)

    resources = [answer["policyDocument"]["Statement"][0]["Resource"].rpartition(":")[2] for answer in (prod, beta)]
    assert resources == ["restapi123/prod/*", "restapi123/beta/*"]


@every_multi_value_shape
def test_e06_the_host_changes_nothing(stack: Stack, user: User, access_token: str, shape: str) -> None:
    plain, elsewhere = (asked(shape, f"Bearer {access_token}") for _ in range(2))
    elsewhere["headers"]["Host"] = elsewhere["headers"]["X-Forwarded-Host"] = "evil.example"
    elsewhere["multiValueHeaders"]["Host"] = ["evil.example"]
    elsewhere["requestContext"]["domainName"] = "evil.example"

    assert stack.invoke("Authorizer", elsewhere) == stack.invoke("Authorizer", plain)


# E08: what was refused once


@every_shape
def test_e08_a_denial_is_forgotten_at_once(watch: Watch, stack: Stack, access_token: str, shape: str) -> None:
    good = asked(shape, f"Bearer {access_token}")
    for bad in (f"Bearer {access_token}x", "Bearer not.a.token", "Basic x", ""):
        watch.denies(bad, shape)
        assert allowed(stack.invoke("Authorizer", good), shape)


@every_shape
def test_e08_an_authorizer_that_failed_decides_the_next_request(
    stack: Stack, access_token: str, wire: Wire, shape: str
) -> None:
    good, bad = asked(shape, f"Bearer {access_token}"), asked(shape, "Bearer not.a.token")
    wire.refuse("BatchGetItem")
    with pytest.raises(AuthorizerUnavailable):
        stack.invoke("Authorizer", good)
    wire.reset()

    assert not allowed(stack.invoke("Authorizer", bad), shape)
    assert allowed(stack.invoke("Authorizer", good), shape)


STRANGE_PATHS = ["//", "/./", "%2e%2e", "a%2fb", "a/", "A", "a;x=1", "ü/\u202e", "*", "../other/*", "x" * 1600, "a\nb"]


@every_policy_shape
@pytest.mark.parametrize("path", STRANGE_PATHS)
@pytest.mark.parametrize("is_good", [True, False])
def test_e09_a_strange_path_changes_nothing(
    stack: Stack, access_token: str, shape: str, path: str, is_good: bool
) -> None:
    event = asked(shape, f"Bearer {access_token}" if is_good else "Bearer not.a.token")
    event["methodArn"] = f"{STAGES[shape]}/GET/{path}"
    event["path"] = f"/{path}"

    answer = stack.invoke("Authorizer", event)

    assert allowed(answer, shape) is is_good
    assert answer["policyDocument"]["Statement"][0]["Resource"] == f"{STAGES[shape]}/*"


@every_policy_shape
@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
def test_a_policy_keeps_its_partition(stack: Stack, access_token: str, shape: str, partition: str) -> None:
    event = asked(shape, f"Bearer {access_token}")
    event["methodArn"] = event["methodArn"].replace("arn:aws:", f"arn:{partition}:")

    answer = stack.invoke("Authorizer", event)

    (statement,) = answer["policyDocument"]["Statement"]
    assert statement["Resource"] == f"{STAGES[shape]}/*".replace("arn:aws:", f"arn:{partition}:")


# E10: whatever goes wrong lets nobody in

BAD_ARNS = [
    None, 1, "", "*", "arn:aws:execute-api:eu-central-1:123456789012:abc",
    "arn:aws:execute-api:eu-central-1:123456789012:abc/prod", "arn:aws:s3:eu-central-1:123456789012:abc/prod/GET/x",
    "arn:aws:execute-api:eu-central-1:123456789012:*/prod/GET/x",
    "arn:aws:execute-api:eu-central-1:123456789012:abc/*/GET/x",
    f"arn:aws:execute-api:eu-central-1:123456789012:abc/{'s' * 512}/GET/x",
]  # fmt: skip


@every_policy_shape
@pytest.mark.parametrize("method_arn", BAD_ARNS)
@pytest.mark.parametrize("unauthorized_as", ["deny", "raise"])
def test_a_method_that_cannot_be_told_raises_whatever_the_token(
    stack: Stack,
    raising: LocalFunction,
    access_token: str,
    shape: str,
    method_arn: Any,
    unauthorized_as: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    authorizer = raising if unauthorized_as == "raise" else stack.deployment.functions["Authorizer"]
    for token in (access_token, "not.a.token"):
        event = {**asked(shape, f"Bearer {token}"), "methodArn": method_arn}
        caplog.clear()

        with pytest.raises(AuthorizerUnavailable):
            authorizer.invoke(event)

        assert [record.message for record in caplog.records] == ["failed"]


def changed(shape: str, **changes: Any) -> Event:
    return {**asked(shape, "Bearer GOOD"), **changes}


def lacking(shape: str, *names: str) -> Event:
    return {name: value for name, value in asked(shape, "Bearer GOOD").items() if name not in names}


NOT_ONE_OF_THE_FIVE = [
    changed("HTTP API 2.0", version="3.0"),
    changed("HTTP API 2.0", version=2.0),
    changed("HTTP API 2.0", version=None),
    changed("HTTP API 2.0", headers=None),
    lacking("HTTP API 2.0", "version"),
    lacking("HTTP API 2.0", "requestContext"),
    changed("HTTP API 1.0", version="1.1"),
    changed("HTTP API 1.0", version=None),
    changed("HTTP API 1.0", type="TOKEN"),
    changed("HTTP API 1.0", type="request"),
    lacking("HTTP API 1.0", "type"),
    lacking("HTTP API 1.0", "methodArn"),
    lacking("HTTP API 1.0", "headers"),
    changed("HTTP API 1.0", headers=[["Authorization", "Bearer GOOD"]]),
    changed("HTTP API 1.0", multiValueHeaders=[]),
    changed("HTTP API 1.0", multiValueHeaders={"Authorization": None}),
    changed("REST API TOKEN", type="token"),
    changed("REST API TOKEN", type=["TOKEN"]),
    changed("REST API TOKEN", version=""),
    changed("REST API TOKEN", authorizationToken=["Bearer GOOD"]),
    changed("REST API TOKEN", authorizationToken={"Bearer": "GOOD"}),
    lacking("REST API TOKEN", "type"),
    lacking("REST API TOKEN", "methodArn"),
    lacking("REST API TOKEN", "authorizationToken"),
    changed("REST API REQUEST", version="3.0"),
    changed("REST API REQUEST", type="JWT"),
    changed("REST API REQUEST", requestContext=None),
    changed("REST API REQUEST", requestContext={}),
    changed("REST API REQUEST", headers={"Authorization": ["Bearer GOOD"]}, multiValueHeaders=None),
    lacking("REST API REQUEST", "type"),
    lacking("REST API REQUEST", "httpMethod"),
    lacking("REST API REQUEST", "methodArn"),
    changed("WebSocket $connect", version="3.0"),
    changed("WebSocket $connect", requestContext={"requestId": "r", "eventType": "MESSAGE"}),
    changed("WebSocket $connect", requestContext={"requestId": "r", "eventType": "DISCONNECT"}),
    changed("WebSocket $connect", requestContext={"requestId": "r"}),
    lacking("WebSocket $connect", "type"),
    lacking("WebSocket $connect", "methodArn"),
    {"Records": [{"eventSource": "aws:sqs", "body": "Bearer GOOD"}]},
    {"detail-type": "Scheduled Event", "source": "aws.events"},
]


@pytest.mark.parametrize("event", NOT_ONE_OF_THE_FIVE)
@pytest.mark.parametrize("unauthorized_as", ["deny", "raise"])
def test_e10_an_event_that_is_none_of_the_five_raises_and_never_allows(
    stack: Stack,
    raising: LocalFunction,
    access_token: str,
    event: Event,
    unauthorized_as: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    authorizer = raising if unauthorized_as == "raise" else stack.deployment.functions["Authorizer"]
    caplog.clear()

    with pytest.raises(AuthorizerUnavailable) as raised:
        authorizer.invoke(json.loads(json.dumps(event).replace("GOOD", access_token)))

    (record,) = caplog.records
    assert (record.message, record.levelname) == ("failed", "ERROR")
    assert access_token not in str(record.__dict__) + repr(raised.value)


@every_shape
@pytest.mark.parametrize("unauthorized_as", ["deny", "raise"])
def test_e10_a_failing_table_raises_without_the_token_and_then_recovers(
    stack: Stack,
    access_token: str,
    wire: Wire,
    shape: str,
    unauthorized_as: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    authorizer = authorizer_with(stack.deployment, UNAUTHORIZED_AS=unauthorized_as)
    event = asked(shape, f"Bearer {access_token}")
    wire.refuse("BatchGetItem")
    caplog.clear()

    with pytest.raises(AuthorizerUnavailable) as raised:
        authorizer.invoke(event)

    (record,) = caplog.records
    assert (record.message, record.levelname) == ("failed", "ERROR")
    assert access_token not in str(record.__dict__) + repr(raised.value)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    assert str(raised.value) != "Unauthorized"
    wire.reset()
    assert allowed(authorizer.invoke(event), shape)


# UNAUTHORIZED_AS


@pytest.mark.parametrize("shape", ["REST API TOKEN", "REST API REQUEST", "WebSocket $connect"])
@pytest.mark.parametrize("header", ["Bearer not.a.canary", "Basic canary", ""])
def test_raise_makes_a_bad_token_an_error_that_says_unauthorized_and_nothing_else(
    raising: LocalFunction, shape: str, header: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Unauthorized) as raised:
        raising.invoke(asked(shape, header))

    assert str(raised.value) == "Unauthorized"
    assert raised.value.args == ("Unauthorized",)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    (record,) = caplog.records
    assert record.message == "denied"
    assert "canary" not in str(record.__dict__)


@pytest.mark.parametrize("shape", ["REST API REQUEST", "WebSocket $connect"])
def test_raise_means_a_token_that_came_twice_too(raising: LocalFunction, access_token: str, shape: str) -> None:
    event = asked(shape, f"Bearer {access_token}")
    event["multiValueHeaders"]["Authorization"] *= 2

    with pytest.raises(Unauthorized):
        raising.invoke(event)


@pytest.mark.parametrize("shape", ["HTTP API 1.0", "HTTP API 2.0"])
def test_raise_changes_nothing_for_http_apis(stack: Stack, raising: LocalFunction, shape: str) -> None:
    event = asked(shape, "Bearer not.a.token")

    assert raising.invoke(event) == stack.invoke("Authorizer", event)
    assert not allowed(raising.invoke(event), shape)


@every_shape
def test_raise_changes_nothing_for_a_good_token(
    stack: Stack, raising: LocalFunction, access_token: str, shape: str
) -> None:
    event = asked(shape, f"Bearer {access_token}")

    assert raising.invoke(event) == stack.invoke("Authorizer", event)


@pytest.mark.parametrize("unauthorized_as", ["deny", "raise"])
def test_either_way_a_bad_token_counts_as_a_denial(
    stack: Stack, unauthorized_as: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    authorizer = authorizer_with(stack.deployment, UNAUTHORIZED_AS=unauthorized_as)

    try:
        authorizer.invoke(asked("REST API TOKEN", "Bearer not.a.token"))
    except Unauthorized:
        assert unauthorized_as == "raise"

    (metric,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert metric["denied"] == [1.0]
    assert "failed" not in metric
