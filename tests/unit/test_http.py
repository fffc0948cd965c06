"""Bodies, answers and log lines, from event to payload (docs/attacks.md E13, L11, O02)."""

import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

import pytest

from sallyport.aws.api_gateway import HttpApiHandler, request_from
from sallyport.edge import FunctionFailed
from sallyport.errors import (
    CsrfRejected,
    FieldError,
    InvalidCredentials,
    InvalidGrant,
    InvalidRequest,
    InvalidToken,
    SallyportError,
    Superseded,
    Unavailable,
)
from sallyport.http.fields import fields_of
from sallyport.http.problem import PROBLEMS
from sallyport.http.request import MAX_BODY_BYTES, Request
from sallyport.http.response import Response
from sallyport.http.serve import Api, anyone
from tests.support.fakes import FakeTelemetry

SECRET = "hunter2-canary"


def told(log: FakeTelemetry) -> list[tuple[str, int, str, str]]:
    return [(line.route, line.status, line.outcome, line.reason) for line in log.lines]


JSON = {"content-type": "application/json"}


def event(
    body: str | None = None, headers: Mapping[str, str] = MappingProxyType({}), *, is_base64: bool = False
) -> dict[str, Any]:
    return {
        "routeKey": "POST /echo",
        "headers": headers,
        "body": body,
        "isBase64Encoded": is_base64,
        "requestContext": {"requestId": "r-1", "http": {"sourceIp": "192.0.2.1", "userAgent": "ua"}},
    }


def echo(request: Request) -> Response:
    with fields_of(request.json_object(), ("name", "flag")) as fields:
        name = fields.text("name")
        fields.flag("flag")
    return Response(200, "echoed", {"name": name})


def answer(
    sent: dict[str, Any], endpoint: Callable[[Request], Response] = echo, log: FakeTelemetry | None = None
) -> Any:
    payload = HttpApiHandler(Api({"POST /echo": endpoint}, log or FakeTelemetry(), anyone))(sent, None)
    return payload["statusCode"], payload["headers"], json.loads(payload["body"])


def refusal(sent: dict[str, Any]) -> tuple[int, str]:
    status, headers, problem = answer(sent)
    assert headers["content-type"] == "application/problem+json"
    assert problem.keys() >= {"type", "title", "status", "detail", "code", "request_id"}
    assert (problem["type"], problem["status"], problem["request_id"]) == ("about:blank", status, "r-1")
    return status, problem["code"]


def test_a_good_request_is_answered_uncacheable_json_and_one_log_line() -> None:
    log = FakeTelemetry()

    status, headers, body = answer(event('{"name":"Ann"}', JSON), log=log)

    assert (status, body) == (200, {"name": "Ann"})
    assert headers == {
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-type": "application/json",
    }
    assert told(log) == [("POST /echo", 200, "echoed", "")]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"',
     "application/json;", "application/json ; ;; ", "application/json;charset=utf8",
     'application/json; Charset="utf\\-8";',
     "application/json; charset=utf-8; charset=UTF8", "application/json\t;\tindent=4",
     'application/json; profile="a; charset=latin-1"; q=1'],
)  # fmt: skip
def test_json_may_be_declared_in_every_usual_way(content_type: str) -> None:
    assert answer(event('{"name":"Ann"}', {"content-type": content_type}))[0] == 200


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
     "application/json; charset=utf-16", "application/json; charset=latin-1", "application/json, text/plain",
     "application/json; charset=utf-8; charset=latin-1", "application/json; charset", "application/json; charset=",
     "application/json; charset=''utf-8", 'application/json; charset="utf-8', "application/json charset=utf-8",
     "application / json", "application/json/x", "application/json,", "text/plain; application/json",
     'text/plain; a="; application/json"', "application/json; charset =utf-8", "application/j\u017fon"],
)  # fmt: skip
def test_any_other_type_is_refused(content_type: str) -> None:
    assert refusal(event('{"name":"Ann"}', {"content-type": content_type})) == (415, "unsupported_media_type")


def test_a_type_that_is_made_to_be_read_for_ever_is_refused_at_once() -> None:
    hostile = "application/json" + "  ;  " * 11 + "!/"

    began = time.process_time()

    assert refusal(event('{"name":"Ann"}', {"content-type": hostile})) == (415, "unsupported_media_type")
    assert time.process_time() - began < 1


@pytest.mark.parametrize("encoding", ["gzip", "Identity, gzip", "identity;q=1", "br"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    sent = event('{"name":"Ann"}', {**JSON, "content-encoding": encoding})

    assert refusal(sent) == (415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["identity", "Identity", " IDENTITY , identity", ""])
def test_a_body_may_be_declared_as_not_compressed(encoding: str) -> None:
    assert answer(event('{"name":"Ann"}', {**JSON, "content-encoding": encoding}))[0] == 200


@pytest.mark.parametrize(
    "body",
    ["{", "nonsense", '{"name":"a","name":"b"}', '{"name":"a","n\\u0061me":"b"}', '{"name":NaN}', '{"name":1e}',
     '{"name":Infinity}', '\ufeff{"name":"a"}', '{"name":"\\ud800"}', "[" * 100_000, '{"name":' + "9" * 5000 + "}",
     "[]", '"name"', "null", "1", '{"name":"a"} x', "{'name':'a'}", '{"name":"\x00"}'],
    ids=lambda body: body[:20],
)  # fmt: skip
def test_what_is_not_one_strict_json_object_is_refused(body: str) -> None:
    body = body if len(body) <= MAX_BODY_BYTES else body[:MAX_BODY_BYTES]

    assert refusal(event(body, JSON)) == (400, "invalid_json")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_json_in_another_encoding_is_refused(encoding: str) -> None:
    body = b64encode('{"name":"Änn"}'.encode(encoding)).decode()

    assert refusal(event(body, JSON, is_base64=True)) == (400, "invalid_json")


def test_a_base64_flag_that_lies_is_refused() -> None:
    assert refusal(event('{"name":"Ann"}', JSON, is_base64=True)) == (400, "invalid_json")


def padded(length: int) -> str:
    return '{"name":"' + "x" * (length - 11) + '"}'


@pytest.mark.parametrize("is_base64", [False, True])
def test_sixteen_kilobytes_are_the_limit(is_base64: bool) -> None:
    def sent(length: int) -> dict[str, Any]:
        body = padded(length)
        return event(b64encode(body.encode()).decode() if is_base64 else body, JSON, is_base64=is_base64)

    assert answer(sent(MAX_BODY_BYTES))[0] == 200
    assert refusal(sent(MAX_BODY_BYTES + 1)) == (413, "payload_too_large")
    assert refusal(sent(1_000_000)) == (413, "payload_too_large")


def test_bytes_are_counted_not_characters() -> None:
    assert refusal(event('{"name":"' + "ü" * (MAX_BODY_BYTES // 2) + '"}', JSON)) == (413, "payload_too_large")


@pytest.mark.parametrize("name", ["names", "Name", "__proto__", "roles", "token_version", "PK", ":x", "#n", "a" * 500])
def test_an_unknown_field_is_named_and_refused(name: str) -> None:
    status, _, problem = answer(event(json.dumps({"name": "Ann", name: SECRET}), JSON))

    assert (status, problem["code"]) == (400, "unknown_field")
    assert [error["field"] for error in problem["errors"]] == [name[:64]]
    assert SECRET not in json.dumps(problem)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}, {"S": "x"}, {"$ne": 1}])
def test_a_field_of_another_type_is_refused_without_being_repeated(value: Any) -> None:
    status, _, problem = answer(event(json.dumps({"name": value, "flag": SECRET}), JSON))

    assert (status, problem["code"]) == (400, "invalid_request")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("name", "wrong_type"),
        ("flag", "wrong_type"),
    ]
    assert SECRET not in json.dumps(problem)


def test_a_null_stands_for_an_optional_field_that_is_absent() -> None:
    def read(request: Request) -> Response:
        with fields_of(request.json_object(), ("text", "flag", "word")) as fields:
            found = [fields.optional_text("text"), fields.flag("flag"), fields.choice("word", "a", "b")]
        return Response(200, "read", {"found": found})

    absent, null = (answer(event(body, JSON), read) for body in ("{}", '{"text":null,"flag":null,"word":null}'))

    assert absent == null
    assert null[2] == {"found": [None, False, "a"]}


def test_a_missing_field_is_named() -> None:
    _, _, problem = answer(event("{}", JSON))

    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("name", "missing")]


def test_no_body_at_all_is_an_empty_object() -> None:
    assert refusal(event(None)) == (400, "invalid_request")


def test_a_401_names_its_scheme() -> None:
    def refuse(_request: Request) -> Response:
        raise InvalidGrant("replayed", outcome="revoked")

    log = FakeTelemetry()
    status, headers, problem = answer(event(), refuse, log)

    assert (status, problem["code"], headers["www-authenticate"]) == (401, "invalid_grant", "Bearer")
    assert told(log) == [("POST /echo", 401, "revoked", "replayed")]
    assert "replayed" not in json.dumps(problem)


def test_failing_infrastructure_is_a_503_that_says_when_to_come_back() -> None:
    def fail(_request: Request) -> Response:
        raise Unavailable("dynamodb")

    status, headers, problem = answer(event(), fail)

    assert (status, problem["code"]) == (503, "service_unavailable")
    assert (headers["retry-after"], problem["retry_after"]) == ("1", 1)


def test_an_unexpected_error_is_a_500_and_its_text_is_seen_by_nobody() -> None:
    def crash(_request: Request) -> Response:
        raise KeyError(SECRET)

    log = FakeTelemetry()
    status, _, problem = answer(event(), crash, log)

    assert (status, problem["code"]) == (500, "internal_error")
    (line,) = log.lines
    assert line.reason.startswith("KeyError in __call__:")
    assert " > crash:" in line.reason
    assert SECRET not in json.dumps([problem, repr(log.lines)])


def test_a_request_shows_neither_headers_nor_body() -> None:
    request = request_from(event(SECRET, {"authorization": SECRET}))

    assert SECRET not in repr(request)


def test_two_spellings_of_a_header_are_joined_as_the_gateway_joins_repeated_ones() -> None:
    """So two credentials never become one of them, in sam local either."""
    request = request_from(event("{}", {"Authorization": "Bearer a", "authorization": "Bearer b", "X-One": "1"}))

    assert (request.headers["authorization"], request.headers["x-one"]) == ("Bearer a,Bearer b", "1")


def test_a_query_has_every_value_of_each_of_its_parameters() -> None:
    sent = {**event(), "rawQueryString": "role=a&role=b&empty=&plus=1+1"}

    assert request_from(sent).query == {"role": ["a", "b"], "empty": [""], "plus": ["1 1"]}


def test_bytes_are_sent_as_they_are() -> None:
    def page(_request: Request) -> Response:
        return Response(200, "shown", "<p>Grüße</p>".encode(), {"content-type": "text/html; charset=utf-8"})

    sent = HttpApiHandler(Api({"POST /echo": page}, FakeTelemetry(), anyone))(event(), None)

    assert (sent["isBase64Encoded"], b64decode(sent["body"]).decode()) == (True, "<p>Grüße</p>")
    assert sent["headers"]["content-type"] == "text/html; charset=utf-8"


def test_every_wrong_field_is_named_at_the_end_of_the_block() -> None:
    reached = []

    def read() -> None:
        with fields_of({"flag": "yes"}, ("text", "flag")) as fields:
            fields.text("text")
            fields.flag("flag")
            reached.append("the end of the block")

    with pytest.raises(InvalidRequest) as refused:
        read()

    assert [(error.field, error.code) for error in refused.value.errors] == [
        ("text", "missing"),
        ("flag", "wrong_type"),
    ]
    assert reached == ["the end of the block"]


@pytest.mark.parametrize("route", ["POST /auth/login", "POST /auth/refresh"])
@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (InvalidGrant("replayed"), True),
        (InvalidCredentials(), True),
        (InvalidRequest([FieldError("email", "missing", "This field is required.")]), True),
        (CsrfRejected(), True),
        (ZeroDivisionError(), True),
        (Superseded(), False),
        (Unavailable(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_oauth_library_sees_an_error_where_tokens_are_refused_but_keeps_a_token_that_is_good(
    route: str, error: Exception, *, is_told: bool
) -> None:
    """RFC 6749 s5.2. A library that meets an `error` gives its token up: after a 409 or 503 that would be wrong."""
    problem = refused_on(route, error)

    assert ("error" in problem, "error_description" in problem) == (is_told, is_told)
    if is_told:
        assert (problem["error"], problem["error_description"]) == (problem["code"], problem["detail"])


@pytest.mark.parametrize("route", ["POST /auth/logout", "GET /auth/me"])
def test_routes_that_answer_no_tokens_have_no_oauth_members(route: str) -> None:
    assert not {"error", "error_description"} & refused_on(route, InvalidToken()).keys()


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_description_has_only_the_characters_that_rfc_6749_allows(code: str) -> None:
    _, _, detail = PROBLEMS[code]

    assert re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", detail)


def refused_on(route: str, error: Exception) -> dict[str, Any]:
    def refuse(_: Request) -> Response:
        raise error

    payload = HttpApiHandler(Api({route: refuse}, FakeTelemetry(), anyone))({**event(), "routeKey": route}, None)
    problem: dict[str, Any] = json.loads(payload["body"])
    return problem


class Unforeseen(SallyportError):
    code = "unforeseen"


def test_an_error_that_no_client_should_meet_is_a_500_and_has_its_line_in_the_log() -> None:
    log = FakeTelemetry()

    def fail(_: Request) -> NoReturn:
        raise Unforeseen("a reason")

    status, _, problem = answer(event("{}", JSON), fail, log)

    assert (status, problem["code"]) == (500, "internal_error")
    assert told(log) == [("POST /echo", 500, "internal_error", "a reason")]


def test_what_is_no_event_of_an_http_api_raises_and_is_counted_as_a_failure() -> None:
    log = FakeTelemetry()

    with pytest.raises(FunctionFailed) as raised:
        HttpApiHandler(Api({}, log, anyone))({"requestContext": SECRET}, None)

    (reason,) = log.failures
    assert reason.startswith("KeyError in ")
    assert SECRET not in f"{reason}{raised.value}"
