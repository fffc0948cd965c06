"""The local gateway where functions misbehave: it answers as API Gateway does, and never lets anybody through."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dev.gateway.cors import with_cors
from dev.gateway.events import HttpRequest, HttpResponse, response_from
from dev.gateway.gateway import MAX_BODY_BYTES, MAX_HEAD_BYTES, Gateway, side_by_side
from dev.gateway.matching import best_match
from dev.gateway.routes import DevRoutes
from dev.lambda_host.functions import ExitedError, GaveUpError, LocalFunction, TimedOutError
from dev.sam.template import Cors, FunctionSpec, Route

SECRET = "hunter2-canary"
REQUEST = HttpRequest("GET", "/x?a=1&a=2", (), b"", "127.0.0.1", "HTTP/1.1")


class FakeFunction:
    """Answers or raises what it is told, and remembers its event."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.event: Mapping[str, Any] = {}
        self.patience = 0.0

    def invoke(self, event: Mapping[str, Any], *, patience: float) -> Any:
        self.event = event
        self.patience = patience
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def ask(
    authorizer: Any, function: Any, request: HttpRequest = REQUEST, **headers: str
) -> tuple[int, dict[str, str], bytes]:
    asked = authorizer if isinstance(authorizer, FakeFunction) else FakeFunction(authorizer)
    functions = {"Authorizer": asked, "F": function}
    routes = {
        ("GET", "/x"): Route("GET /x", "F", "Authorizer"),
        ("POST", "/y"): Route("POST /y", "F", None),
        ("GET", "/a/{id}"): Route("GET /a/{id}", "F", "Authorizer"),
        ("ANY", "/files/{path+}"): Route("ANY /files/{path+}", "F", "Authorizer"),
    }
    gateway = Gateway(
        functions=functions, routes=routes, cors=None, dev_routes={}, hosts=("h",), now_ms=lambda: 1_800_000_000_000
    )
    answer = gateway.answer(replace(request, headers=(*request.headers, *headers.items())))
    return answer.status, dict(answer.headers), answer.body


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


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError(SECRET), {"statusCode": "x"}, {"statusCode": 200, "body": 7}, TimedOutError(),
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}}, {"statusCode": 200, "headers": {"x": "\u2028"}},
        {"statusCode": 200, "cookies": ["a=b\n"]},
    ],
)  # fmt: skip
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


def test_every_answer_bears_the_id_that_the_function_saw() -> None:
    function = FakeFunction(OK)

    _, headers, _ = ask(ALLOW, function, authorization="Bearer x")

    assert headers["apigw-requestid"] == function.event["requestContext"]["requestId"]


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431)])
def test_a_request_line_and_headers_of_10240_bytes_are_the_most(more: int, status: int) -> None:
    function = FakeFunction(OK)
    padding = MAX_HEAD_BYTES - replace(REQUEST, headers=(("authorization", "x"), ("p", ""))).head_bytes + more

    answered, _, body = ask(ALLOW, function, authorization="x", p="p" * padding)

    assert answered == status
    assert (function.event == {}) == (status == 431)
    assert status == 200 or json.loads(body) == {"message": "Request Header Fields Too Large"}


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_a_body_of_ten_megabytes_is_the_most(more: int, status: int) -> None:
    post = HttpRequest("POST", "/y", (), b"x" * (MAX_BODY_BYTES + more), "127.0.0.1", "HTTP/1.1")

    assert ask(ALLOW, FakeFunction(OK), post)[0] == status


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/x", 401), ("/%78", 401), ("/x?", 401),
        ("/x/", 404), ("/X", 404), ("//x", 404), ("/./x", 404), ("/y/../x", 404), ("/%2e/x", 404), ("/x%2f", 404),
        ("/x;y", 404), ("/x%00", 404), ("/x%3F", 404), ("/x%252f", 404), ("*", 404), ("/x%ff", 404), ("/x\u00a0", 404),
    ],
)  # fmt: skip
def test_e09_a_path_is_decoded_once_and_never_normalised(target: str, status: int) -> None:
    function = FakeFunction(OK)

    assert ask(ALLOW, function, replace(REQUEST, target=target))[0] == status
    assert function.event == {}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "TRACE", "get", "GETX", ""])
def test_e14_a_method_without_a_route_is_a_404(method: str) -> None:
    status, _, body = ask(ALLOW, FakeFunction(OK), replace(REQUEST, method=method), authorization="x")

    assert (status, json.loads(body)) == (404, {"message": "Not Found"})


def test_an_integration_that_the_gateway_waits_no_longer_for_is_a_503() -> None:
    function = FakeFunction(GaveUpError())

    status, _, body = ask(ALLOW, function, authorization="x")

    assert (status, json.loads(body)) == (503, {"message": "Service Unavailable"})
    assert function.patience == 30


@pytest.mark.parametrize("error", [GaveUpError(), TimedOutError()])
def test_e10_an_authorizer_out_of_time_lets_nobody_through(error: Exception) -> None:
    function = FakeFunction(OK)

    assert ask(error, function, authorization="x")[0] == 500
    assert function.event == {}


PETS = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default"]
OVERLAPPING = [
    "ANY /a/b", "GET /a/{x}", "GET /{x}/b", "POST /{x}/{y}", "GET /a/{rest+}", "GET /{all+}", "GET /{x}", "PUT /a/b"
]  # fmt: skip
CALLED = [
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
    (PETS, "GET /pets/dog/1", "GET /pets/dog/1", {}),
    (PETS, "GET /pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
    (PETS, "GET /pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
    (PETS, "POST /test/5", "ANY /{proxy+}", {"proxy": "test/5"}),
    (PETS, "POST /pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
    (PETS, "GET /", "$default", {}),
    (PETS, "GET /pets/dog/", "GET /pets/{proxy+}", {"proxy": "dog/"}),
    # What we assume where the documentation is silent
    (OVERLAPPING, "GET /a/b", "ANY /a/b", {}),
    (OVERLAPPING, "PUT /a/b", "PUT /a/b", {}),
    (OVERLAPPING, "GET /a/c", "GET /a/{x}", {"x": "c"}),
    (OVERLAPPING, "GET /c/b", "GET /{x}/b", {"x": "c"}),
    (OVERLAPPING, "POST /c/d", "POST /{x}/{y}", {"x": "c", "y": "d"}),
    (OVERLAPPING, "GET /a/c/d", "GET /a/{rest+}", {"rest": "c/d"}),
    (OVERLAPPING, "GET /c/d/e", "GET /{all+}", {"all": "c/d/e"}),
    (OVERLAPPING, "GET /a", "GET /{x}", {"x": "a"}),
    (OVERLAPPING, "GET /a/", "GET /{all+}", {"all": "a/"}),
    (OVERLAPPING, "GET /", None, {}),
    (OVERLAPPING, "PATCH /a/c", None, {}),
    (OVERLAPPING, "TRACE /a/b", None, {}),
    (["$default"], "TRACE /a/b", None, {}),
]


def routed(keys: Iterable[str]) -> dict[tuple[str, str], Route]:
    methods_and_paths = {key: (key.partition(" ")[0], key.partition(" ")[2]) for key in keys}
    return {(m, path) if path else ("ANY", m): Route(key, "F", None) for key, (m, path) in methods_and_paths.items()}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("keys", "called", "expected", "parameters"), CALLED)
def test_the_most_specific_route_is_taken_wherever_it_stands(
    keys: list[str], called: str, expected: str | None, parameters: dict[str, str], order: int
) -> None:
    method, path = called.split(" ")

    match = best_match(routed(keys[::order]), method, path)

    assert (match.route.key if match else None) == expected
    assert match is None or match.parameters == parameters


STRANGE_CALLS: list[tuple[str, str, int]] = [
    ("GET", "/a/1", 401), ("GET", "/a/..", 401), ("GET", "/a/%2e%2e", 401), ("GET", "/a/.", 401), ("GET", "/a/;x", 401),
    ("GET", "/a/1;x=1", 401), ("GET", "/a/*", 401), ("GET", "/a/%00", 401), ("GET", "/a/%0a", 401),
    ("GET", "/a/%c3%bc", 401), ("GET", "/a/{id}", 401), ("GET", "/%61/1", 401), ("GET", "/a/%252f", 401),
    ("GET", "/a/" + "x" * 1600, 401),
    ("GET", "/a/", 404), ("GET", "/a", 404), ("GET", "/a//", 404), ("GET", "//a/1", 404), ("GET", "/a//1", 404),
    ("GET", "/a/1/", 404), ("GET", "/a/1/2", 404), ("GET", "/a/1%2f2", 404), ("GET", "/a/%2f", 404),
    ("GET", "/./a/1", 404), ("GET", "/b/../a/1", 404), ("GET", "/A/1", 404), ("GET", "/a;x/1", 404),
    ("GET", "/a%2f1/", 404), ("HEAD", "/a/1", 404), ("get", "/a/1", 404),
    ("GET", "/files/%0a", 401),
    ("GET", "/files/1", 401), ("GET", "/files/../a/1", 401), ("GET", "/files//", 401), ("GET", "/files/a%2f/./b", 401),
    ("DELETE", "/files/x", 401), ("GET", "/files", 404), ("GET", "/files/", 404), ("TRACE", "/files/x", 404),
]  # fmt: skip


@pytest.mark.parametrize(("method", "target", "status"), STRANGE_CALLS)
def test_e09_no_path_reaches_a_route_with_parameters_past_its_authorizer(method: str, target: str, status: int) -> None:
    request = replace(REQUEST, method=method, target=target)
    function = FakeFunction(OK)

    assert ask(ALLOW, function, request)[0] == status
    assert ask({"isAuthorized": False}, function, request, authorization="x")[0] == {401: 403, 404: 404}[status]
    assert function.event == {}


@pytest.mark.parametrize(
    ("target", "parameters"),
    [
        ("/a/1", {"id": "1"}), ("/a/%2e%2e", {"id": ".."}), ("/a/%2541", {"id": "%41"}),
        ("/a/b+c%20d", {"id": "b+c d"}), ("/a/1;x", {"id": "1;x"}), ("/a/%0a", {"id": "\n"}),
        ("/a/%C3%BC", {"id": "ü"}), ("/files/a%2Fb//c/", {"path": "a/b//c/"}),
    ],
)  # fmt: skip
def test_a_path_parameter_is_decoded_once_and_told_to_function_and_authorizer(
    target: str, parameters: dict[str, str]
) -> None:
    authorizer, function = FakeFunction(ALLOW), FakeFunction(OK)

    assert ask(authorizer, function, replace(REQUEST, target=target), authorization="x")[0] == 200
    for event in (authorizer.event, function.event):
        assert event["pathParameters"] == parameters
        assert event["routeKey"] == ("GET /a/{id}" if "id" in parameters else "ANY /files/{path+}")


def test_a_route_without_parameters_has_none_in_its_event() -> None:
    function = FakeFunction(OK)

    ask(ALLOW, function, authorization="x")

    assert "pathParameters" not in function.event


APP = """
import threading, uuid

environment = str(uuid.uuid4())

def lambda_handler(event, context):
    if event == "hang":
        threading.Event().wait()
    if event == "exit":
        raise SystemExit
    if event == "crash":
        raise RuntimeError("crashed")
    return float(event) if isinstance(event, str) else [environment, event]
"""


def function_in(folder: Path, timeout: int = 3600) -> LocalFunction:
    (folder / "app.py").write_text(APP)
    return LocalFunction(FunctionSpec("F", folder, {}, timeout))


def test_a_function_gets_and_gives_copies_of_json(tmp_path: Path) -> None:
    event = {"a": [1]}

    _, answer = function_in(tmp_path).invoke(event)

    assert answer == event
    assert answer["a"] is not event["a"]


@pytest.mark.parametrize("event", ["NaN", {"a": object()}, {"a": b""}])
def test_what_is_no_json_crosses_no_border(tmp_path: Path, event: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        function_in(tmp_path).invoke(event)


def test_an_environment_is_used_again_after_a_crash_but_not_after_a_time_out(tmp_path: Path) -> None:
    function = function_in(tmp_path)
    first, _ = function.invoke({})
    with pytest.raises(RuntimeError, match="crashed"):
        function.invoke("crash")  # type: ignore[arg-type]
    assert function.invoke({})[0] == first

    with pytest.raises(GaveUpError):
        function.invoke("hang", patience=0)  # type: ignore[arg-type]
    assert function.invoke({})[0] != first


def test_a_function_that_ends_its_process_does_not_end_the_server(tmp_path: Path) -> None:
    with pytest.raises(ExitedError):
        function_in(tmp_path).invoke("exit")  # type: ignore[arg-type]


def test_the_templates_time_limit_holds(tmp_path: Path) -> None:
    with pytest.raises(TimedOutError):
        function_in(tmp_path, timeout=0).invoke("hang")  # type: ignore[arg-type]


CORS = Cors(("https://a.example", "https://b.example"), ("GET", "POST"), ("authorization",), True, 600)
OF_THE_FUNCTION = (("access-control-allow-origin", "*"), ("x-own", "1"))


def cors(method: str = "GET", told: Cors = CORS, **headers: str) -> tuple[int, dict[str, str]]:
    request = replace(REQUEST, method=method, headers=tuple((k.replace("_", "-"), v) for k, v in headers.items()))
    answer = with_cors(told, request, lambda _: HttpResponse(200, OF_THE_FUNCTION, b""))
    return answer.status, dict(answer.headers)


def test_a_preflight_is_answered_for_every_path_and_method_without_asking_anybody() -> None:
    assert cors("OPTIONS", origin="https://a.example", access_control_request_method="PATCH") == (204, {
        "access-control-allow-origin": "https://a.example", "access-control-allow-credentials": "true",
        "vary": "Origin", "access-control-allow-methods": "GET,POST", "access-control-allow-headers": "authorization",
        "access-control-max-age": "600",
    })  # fmt: skip


@pytest.mark.parametrize(("key", "asks", "status"), [
    ("ANY /x", True, 401), ("$default", True, 401), ("ANY /x", False, 204), ("GET /x", True, 204),
])  # fmt: skip
def test_a_preflight_goes_to_the_route_that_takes_it_where_that_asks_an_authorizer(
    key: str, asks: bool, status: int
) -> None:
    """As at API Gateway: a preflight carries no token, so such a route needs an OPTIONS route beside it."""
    ((called, route),) = routed([key]).items()
    gateway = Gateway(
        functions={"F": FakeFunction(OK), "A": FakeFunction(ALLOW)},
        routes={called: replace(route, authorizer="A" if asks else None)},
        cors=CORS,
        dev_routes={},
        hosts=("h",),
        now_ms=lambda: 1,
    )
    preflight = (("origin", "https://a.example"), ("access-control-request-method", "GET"))

    answer = gateway.answer(replace(REQUEST, method="OPTIONS", headers=preflight))

    assert answer.status == status
    assert dict(answer.headers)["access-control-allow-origin"] == "https://a.example"


def test_options_without_the_two_headers_of_a_preflight_is_an_ordinary_request() -> None:
    assert cors("OPTIONS", origin="https://a.example")[0] == 200
    assert cors("OPTIONS", access_control_request_method="GET")[0] == 200


def test_an_answer_keeps_its_headers_but_what_it_says_of_cors() -> None:
    assert cors(origin="https://b.example")[1] == {
        "x-own": "1", "access-control-allow-origin": "https://b.example", "access-control-allow-credentials": "true",
        "vary": "Origin",
    }  # fmt: skip
    assert cors(origin="https://c.example")[1] == {"x-own": "1"}


def test_an_api_that_is_open_to_every_origin_says_so_and_what_it_leaves_out_is_not_told() -> None:
    told = Cors(("*",), ("GET",), (), credentials=False, max_age=0)

    assert cors("OPTIONS", told, origin="https://c.example", access_control_request_method="GET") == (204, {
        "access-control-allow-origin": "*", "access-control-allow-methods": "GET",
    })  # fmt: skip


def test_of_two_apis_side_by_side_the_first_answers_whatever_its_paths_are_asked() -> None:
    def api(name: str, *keys: str, dev_routes: DevRoutes) -> Gateway:
        function = FakeFunction({"statusCode": 200, "body": name})
        return Gateway(
            functions={"F": function},
            routes=routed(keys),
            cors=None,
            dev_routes=dev_routes,
            hosts=("h",),
            now_ms=lambda: 1,
        )

    ours = api("ours", "GET /a", "DELETE /a/{id}", dev_routes={("POST", "/_dev/clock"): lambda _: "moved"})
    both = side_by_side(ours, api("theirs", "$default", dev_routes={}))

    def asked(method: str, target: str) -> tuple[int, bytes]:
        answer = both(replace(REQUEST, method=method, target=target, headers=(("host", "h"),)))
        return answer.status, answer.body

    assert asked("GET", "/a") == (200, b"ours")
    assert asked("PUT", "/%61")[0] == asked("GET", "/a/1")[0] == asked("GET", "/_dev/clock")[0] == 404
    assert asked("POST", "/_dev/clock") == (200, b'"moved"')
    assert asked("GET", "/b") == asked("GET", "//a") == asked("GET", "/a/") == (200, b"theirs")


def test_credentials_are_allowed_only_where_the_template_says_so() -> None:
    told = replace(CORS, credentials=False)

    assert "access-control-allow-credentials" not in cors(told=told, origin="https://a.example")[1]
