"""The local gateway's events beside AWS's documented examples and `sam local`'s: each difference has a reason."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dev.gateway.events import HttpRequest, authorizer_event, request_event, response_from

ROOT = Path(__file__).parent.parent.parent
SAM_PYTHON = ROOT / ".venv-sam/bin/python"

# Paths into an event, with the reason why ours is another one there.
Differences = dict[str, str]

OF_THE_PLACE = {
    "requestContext.apiId": "every API and client has its own",
    "requestContext.domainName": "the local server's name and port",
    "requestContext.domainPrefix": "the local server's name and port",
    "requestContext.requestId": "random",
    "requestContext.time": "the time of the call",
    "requestContext.timeEpoch": "the time of the call",
    "requestContext.http.sourceIp": "every API and client has its own",
}

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html, format 2.0
DOCUMENTED: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/my/path",
    "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
    "cookies": ["cookie1", "cookie2"],
    "headers": {"header1": "value1", "header2": "value1,value2"},
    "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
    "requestContext": {
        "accountId": "123456789012",
        "apiId": "api-id",
        "authentication": {"clientCert": {"subjectDN": "www.example.com"}},
        "authorizer": {"jwt": {"claims": {"claim1": "value1"}, "scopes": ["scope1"]}},
        "domainName": "id.execute-api.us-east-1.amazonaws.com",
        "domainPrefix": "id",
        "http": {
            "method": "POST",
            "path": "/my/path",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.1",
            "userAgent": "agent",
        },
        "requestId": "id",
        "routeKey": "$default",
        "stage": "$default",
        "time": "12/Mar/2020:19:03:58 +0000",
        "timeEpoch": 1583348638390,
    },
    "body": "Hello from Lambda",
    "pathParameters": {"parameter1": "value1"},
    "isBase64Encoded": False,
    "stageVariables": {"stageVariable1": "value1", "stageVariable2": "value2"},
}
AS_DOCUMENTED = HttpRequest(
    method="POST",
    target="/my/path?parameter1=value1&parameter1=value2&parameter2=value",
    headers=(
        ("header1", "value1"), ("header2", "value1"), ("header2", "value2"), ("cookie", "cookie1; cookie2"),
        ("host", "127.0.0.1:8787"), ("user-agent", "agent"), ("content-type", "text/plain"),
    ),
    body=b"Hello from Lambda",
    source_ip="127.0.0.1",
    protocol="HTTP/1.1",
)  # fmt: skip
FROM_THE_DOCUMENTATION: Differences = {
    **OF_THE_PLACE,
    "headers.host": "the example leaves out what every request has",
    "headers.user-agent": "the example leaves out what every request has",
    "headers.content-type": "the example leaves out what every request has",
    "headers.x-forwarded-for": "the example leaves out what the gateway adds",
    "headers.x-forwarded-port": "the example leaves out what the gateway adds",
    "headers.x-forwarded-proto": "the example leaves out what the gateway adds",
    "requestContext.authentication": "only with mutual TLS",
    "requestContext.authorizer": "only after an authorizer; tests/unit/test_local_gateway.py has it",
    "stageVariables": "the stack has none",
}

FROM_SAM_LOCAL: Differences = {
    **OF_THE_PLACE,
    "requestContext.http.userAgent": "it always says Custom User Agent String",
    "requestContext.http.protocol": "it always says HTTP/1.1",
    "cookies": "it reads them into a dictionary, so that of two cookies with one name the second is lost; none is []",
    "headers.cookie": "it keeps the header beside `cookies`; payload 2.0 does not",
    "headers.x-a": "it joins repeated headers with a comma and a space, where AWS documents a comma",
    "headers.x-forwarded-for": "it leaves it out",
    "body": 'it has "" where there is no body, and encodes nothing, since an HTTP API names no binary types',
    "isBase64Encoded": "it encodes nothing, since an HTTP API names no binary types",
    "stageVariables": "the stack has none",
}


def flat(value: Any, path: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {k: v for name, part in value.items() for k, v in flat(part, f"{path}.{name}" if path else name).items()}


def differing(ours: dict[str, Any], theirs: dict[str, Any], allowed: Differences) -> set[str]:
    """Find the paths at which two events differ; one below an allowed path counts as that path."""
    a, b = flat(ours), flat(theirs)
    missing = object()
    paths = {path for path in a.keys() | b.keys() if a.get(path, missing) != b.get(path, missing)}
    return {next((known for known in allowed if f"{path}.".startswith(f"{known}.")), path) for path in paths}


def test_our_event_is_awss_documented_one_but_for_what_is_listed() -> None:
    ours = request_event(AS_DOCUMENTED, "$default", "random", 1, {"parameter1": "value1"})

    assert differing(ours, DOCUMENTED, FROM_THE_DOCUMENTATION) == FROM_THE_DOCUMENTATION.keys()


def request(method: str = "GET", target: str = "/x", *headers: tuple[str, str], body: bytes = b"") -> HttpRequest:
    length = [("content-length", str(len(body)))] if body else []
    return HttpRequest(
        method, target, (("host", "127.0.0.1:8787"), *headers, *length), body, "192.0.2.7", "HTTP/1.0"
    )  # fmt: skip


REQUESTS = [
    request(),
    request("GET", "/x?"),
    request("GET", "/%6De/%20%C3%A9?a=1&a=2&b=%20%2C&c=&d"),
    request("GET", "/x", ("x-a", "1"), ("x-b", "2"), ("x-a", "3, 4"), ("authorization", "Bearer a.b-_")),
    request("GET", "/x", ("cookie", "a=1; b=2"), ("cookie", "a=3")),
    request("GET", "/x", ("cookie", "a=1; b=2"), ("user-agent", "agent")),
    request("POST", "/x", ("content-type", "application/json"), body='{"a": "\u00e9"}'.encode()),
    request("POST", "/x", ("content-type", "application/x-www-form-urlencoded"), body=b"a=1"),
    request("GET", "/items/%C3%A9%20;a"),
]


def parameters_of(request: HttpRequest) -> dict[str, str]:
    return {"id": request.path.removeprefix("/items/")} if request.path.startswith("/items/") else {}


SAM_LOCAL = """
import json, sys
from flask import Flask
from samcli.local.apigw.event_constructor import construct_v2_event_http

app = Flask(__name__)
events = []
for method, target, headers, body, parameters in json.load(sys.stdin):
    with app.test_request_context(
        target, method=method, headers=headers, data=body, base_url="http://127.0.0.1:8787",
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
    ) as context:
        context.request.view_args = parameters
        events.append(construct_v2_event_http(context.request, 8787, [], "$default", None, "GET /x", 7, "then"))
json.dump(events, sys.stdout)
"""


def test_our_events_are_those_of_sam_local_but_for_what_is_listed() -> None:
    if not SAM_PYTHON.exists():
        pytest.skip("aws-sam-cli is not installed: `make template` does it")
    asked = json.dumps([(r.method, r.target, r.headers, r.body.decode(), parameters_of(r)) for r in REQUESTS])
    ran = subprocess.run([SAM_PYTHON, "-c", SAM_LOCAL], input=asked, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr

    seen: set[str] = set()
    for ours, theirs in zip(REQUESTS, json.loads(ran.stdout), strict=True):
        theirs["headers"] = {name.lower(): value for name, value in theirs["headers"].items()}  # as AWS documents
        event = request_event(ours, "GET /x", "random", 1, parameters_of(ours))
        seen |= differing(event, theirs, FROM_SAM_LOCAL)
    assert seen == FROM_SAM_LOCAL.keys()


# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html, format 2.0
DOCUMENTED_AUTHORIZER_EVENT = {
    "version", "type", "routeArn", "identitySource", "routeKey", "rawPath", "rawQueryString", "cookies", "headers",
    "queryStringParameters", "requestContext", "pathParameters", "stageVariables",
}  # fmt: skip


def test_an_authorizer_is_asked_with_what_is_documented() -> None:
    with_token = request("GET", "/x?a=1", ("cookie", "a=1"), ("authorization", "Bearer x"))
    event = authorizer_event(request_event(with_token, "GET /{x}", "random", 1, {"x": "x"}))

    assert event.keys() == DOCUMENTED_AUTHORIZER_EVENT - {"stageVariables"}
    assert (event["type"], event["identitySource"]) == ("REQUEST", ["Bearer x"])
    assert event["routeArn"] == "arn:aws:execute-api:us-east-1:123456789012:local/$default/GET/x"


@pytest.mark.parametrize(
    ("answer", "status", "content_type", "body"),
    [
        ("Hello from Lambda!", 200, "application/json", b'"Hello from Lambda!"'),
        ({"message": "Hello"}, 200, "application/json", b'{"message": "Hello"}'),
        ({"statusCode": 201, "headers": {"Content-Type": "text/html"}, "body": "<p>"}, 201, "text/html", b"<p>"),
        ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, "text/plain", b"hi"),
    ],
)
def test_a_functions_answer_is_read_as_documented(answer: Any, status: int, content_type: str, body: bytes) -> None:
    read = response_from(answer)

    assert (read.status, dict(read.headers)["content-type"], read.body) == (status, content_type, body)


def test_a_spoofed_forwarded_address_stands_beside_the_true_one_and_changes_nothing_else() -> None:
    event = request_event(request("GET", "/x", ("x-forwarded-for", "203.0.113.9")), "GET /x", "random", 1, {})

    assert event["headers"]["x-forwarded-for"] == "203.0.113.9,192.0.2.7"
    assert event["requestContext"]["http"]["sourceIp"] == "192.0.2.7"
