"""The local gateway where functions misbehave: it answers as API Gateway does, and never lets anybody through."""

import asyncio
import json
from collections.abc import Mapping, MutableMapping
from typing import Any

import pytest

from dev.events import response_from
from dev.gateway import Gateway
from dev.stack import Route

SECRET = "hunter2-canary"


class FakeFunction:
    """Answers or raises what it is told, and remembers its event."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.event: Mapping[str, Any] = {}

    def invoke(self, event: Mapping[str, Any]) -> Any:
        self.event = event
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def ask(authorizer: Any, function: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
    functions = {"Authorizer": FakeFunction(authorizer), "F": function}
    routes = {("GET", "/x"): Route("GET /x", "F", "Authorizer")}
    gateway = Gateway(
        functions=functions, routes=routes, cors=None, dev_routes={}, host="h", now_ms=lambda: 1_800_000_000_000
    )
    sent: list[MutableMapping[str, Any]] = []
    scope = {
        "type": "http", "method": "GET", "raw_path": b"/x", "query_string": b"a=1&a=2", "http_version": "1.1",
        "client": ("127.0.0.1", 5), "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(gateway(scope, receive, send))
    start, body = sent
    return start["status"], {k.decode(): v.decode() for k, v in start["headers"]}, body["body"]


ALLOW = {"isAuthorized": True, "context": {"sub": "u"}}
OK = {"statusCode": 200, "body": "ok"}


def test_an_allowed_request_reaches_the_function_with_the_authorizers_context() -> None:
    function = FakeFunction(OK)

    assert ask(ALLOW, function, authorization="Bearer x", host="h")[0] == 200

    assert function.event["requestContext"]["authorizer"] == {"lambda": {"sub": "u"}}
    assert function.event["queryStringParameters"] == {"a": "1,2"}


@pytest.mark.parametrize(
    "verdict", [RuntimeError(SECRET), None, {}, [], "yes", {"context": {}}, {"isAuthorized": None}, KeyError(SECRET)]
)  # fmt: skip
def test_e10_an_authorizer_that_fails_or_answers_another_shape_lets_nobody_through(verdict: Any) -> None:
    function = FakeFunction(OK)

    status, _, body = ask(verdict, function, authorization="Bearer x")

    assert status in (403, 500)
    assert function.event == {}
    assert SECRET.encode() not in body


@pytest.mark.parametrize("truthy", [1, "true", "false", [True], {"a": 1}])
def test_only_true_is_an_allow(truthy: Any) -> None:
    assert ask({"isAuthorized": truthy}, FakeFunction(OK), authorization="Bearer x")[0] == 403


@pytest.mark.parametrize("answer", [RuntimeError(SECRET), {"statusCode": "x"}, {"statusCode": 200, "body": 7}])
def test_a_function_that_crashes_or_answers_nonsense_is_the_gateways_500(
    answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, body = ask(ALLOW, FakeFunction(answer), authorization="Bearer x")

    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    assert SECRET not in "".join(capsys.readouterr())


def test_an_answer_without_a_status_is_the_body() -> None:
    answer = response_from({"hello": 1})

    assert (answer.status, json.loads(answer.body)) == (200, {"hello": 1})


def test_cookies_headers_and_base64_are_put_on_the_wire() -> None:
    answer = response_from(
        {"statusCode": 201, "headers": {"X-A": "1"}, "cookies": ["a=1", "b=2"], "body": "aGk=", "isBase64Encoded": True}
    )

    assert (answer.status, answer.body) == (201, b"hi")
    assert answer.headers == (
        ("x-a", "1"), ("set-cookie", "a=1"), ("set-cookie", "b=2"), ("content-type", "text/plain")
    )  # fmt: skip
