"""docs/api.yaml and the service say the same."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NoReturn

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import AuthContext, BaseSchema, Case, HookContext, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

from dev import demo
from dev.aws.cloud import Cloud
from dev.aws.deployment import LOCAL_ORIGIN
from dev.sam import stack
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.errors import InvalidToken, Unavailable
from sallyport.http.cookies import REFRESH_TOKEN
from sallyport.http.problem import PROBLEMS
from sallyport.http.request import MAX_BODY_BYTES, Request
from sallyport.http.serve import Api
from tests.e2e.conftest import ROOT, Server, running
from tests.support.fakes import FakeTelemetry

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/api.yaml").read_text())
OPERATIONS = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]
PROTECTED = ["/auth/me", "/auth/sessions", "/auth/sessions/{sid}"]
IN_PATHS = {"sid": "q83vEjRWeJCrze8SNFZ4kA"}
PAGE = {"Origin": LOCAL_ORIGIN, "X-Sallyport-CSRF": "1"}
LOGIN = {"email": demo.EMAIL, "password": demo.PASSWORD}

# An answer that the document describes: operation, status, and the code of a problem, the gateway's message, or "good".
Answer = tuple[str, int, str]


def resolved(part: Any) -> Any:
    """Follow a reference within the document."""
    for name in part.get("$ref", "").split("/")[1:]:
        part = DOCUMENT[name] if part.get("$ref") else part[name]
    return part


def documented_answers() -> dict[Answer, tuple[Any, Any]]:
    """Find every example of an answer, and the schema that it is an example of."""
    found: dict[Answer, tuple[Any, Any]] = {}
    for method, path in OPERATIONS:
        for status, reference in DOCUMENT["paths"][path][method.lower()]["responses"].items():
            content = resolved(reference).get("content")
            if content is None:
                found[f"{method} {path}", int(status), "good"] = ({}, {})
            for media in (content or {}).values():
                for name, example in media["examples"].items():
                    value = resolved(example)["value"]
                    word = meaning(int(status), value)
                    assert name in (word, "gateway") or word == "good"
                    found[f"{method} {path}", int(status), word] = (value, media["schema"])
    return found


def meaning(status: int, body: Any) -> str:
    if status < 400:
        return "good"
    word = body["code"] if "code" in body else body["message"]
    return str(word)


@pytest.fixture(scope="module")
def own_server() -> Iterator[Server]:
    """A server that nobody else logs in to or moves the clock of."""
    with running() as server:
        yield server


def test_the_document_is_valid_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_its_routes_are_the_templates_routes(cloud: Cloud) -> None:
    routes = stack.read(table_name="t", kms_key_id="k").routes

    assert set(OPERATIONS) == routes.keys()
    for (method, path), route in routes.items():
        security = DOCUMENT["paths"][path][method.lower()]["security"]
        assert (security == [{"accessToken": []}]) == (route.authorizer is not None)
    assert {path for (_, path), route in routes.items() if route.authorizer} == set(PROTECTED)


def test_its_error_codes_are_the_services_with_their_status_and_words() -> None:
    problems = [body for body, _ in documented_answers().values() if "code" in body]

    assert {p["code"]: (p["status"], p["title"], p["detail"]) for p in problems} == dict(PROBLEMS)


def test_every_example_is_what_its_schema_says() -> None:
    for answer, (example, schema) in documented_answers().items():
        validator = OAS31Validator({**schema, "components": DOCUMENT["components"]})
        assert list(validator.iter_errors(example)) == [], answer
        assert answer[1] == example.get("status", answer[1])


def authenticate(schema: BaseSchema, paths: list[str], headers: Mapping[str, str], cookies: Mapping[str, str]) -> None:
    """Let the requests that schemathesis makes up for `paths` carry a credential, where it means them to."""

    @schema.auth().apply_to(path=paths)
    class Provider:
        def get(self, _case: Case[Any], _context: AuthContext) -> bool:
            return True

        def set(self, case: Case[Any], _data: bool, _context: AuthContext) -> None:
            case.headers.update(headers)
            case.cookies.update(cookies)


# `format: email` cannot say that names which the DNS reserves (example.test) are refused, and drawing addresses of
# 320 characters, where the longest has 254, takes seconds. tests/unit/test_email.py has the addresses.
ADDRESSES = ["ann@example.com", "ANN+shop@Example.com", "ann@b\u00fccher.example.com", "o'neil_x@sub.example.com"]
schemathesis.openapi.format("email", st.sampled_from(ADDRESSES))


def is_read(_context: HookContext, case: Case[Any]) -> bool:
    """Leave out what is wrong only in the headers of cookie mode, where body mode does not read them."""
    is_cookie_mode = bool(case.cookies) or (isinstance(case.body, dict) and case.body.get("mode") == "cookie")
    is_probe = case.method != "POST" or "Content-Type" in case.headers
    if case.meta is None or is_cookie_mode or is_probe or case.meta.is_negative_at(ParameterLocation.BODY):
        return True
    return not case.meta.is_negative_at(ParameterLocation.HEADER)


def is_a_fault(_context: HookContext, failure: Failure, case: Case[Any], response: Response) -> bool:
    """Say which findings count. What does not is how HTTP APIs are, or a rule that JSON Schema has no words for."""
    if isinstance(failure, UnsupportedMethodResponse):  # API Gateway answers 404, it has no 405
        return (response.status_code, response.json()) != (404, {"message": "Not Found"})
    if isinstance(failure, RejectedPositiveData):  # each credential is good by itself, but not beside another one
        return not (case.cookies and meaning(response.status_code, response.json()) == "ambiguous_credentials")
    return True


def schema_at(server: Server) -> BaseSchema:
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config(seed=1))
    schema.config.update(base_url=server.url)
    schema.config.generation.deterministic = True
    schema.config.generation.max_examples = 5
    schema.config.phases.fuzzing.extra_data_sources.responses = False  # answers hold random tokens
    schema.config.phases.fuzzing.error_feedback.is_enabled = False
    schema.hook("filter_case")(is_read)
    schema.hook("filter_failure")(is_a_fault)
    return schema


def findings(schema: BaseSchema) -> tuple[list[str], set[Answer]]:
    """Run every phase and every check of schemathesis; answers what it found, and which answers it saw."""
    found: list[str] = []
    seen: set[Answer] = set()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(repr(event))
        if isinstance(event, events.ScenarioFinished):
            checks = [check.failure_info for checks in event.recorder.checks.values() for check in checks]
            found += [f"{failed.failure.message}\n{failed.code_sample}" for failed in checks if failed is not None]
            for interaction in event.recorder.interactions.values():
                if (answer := interaction.response) is not None:
                    body = answer.json() if answer.content else {}
                    seen.add((event.recorder.label, answer.status_code, meaning(answer.status_code, body)))
    return found, seen


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_schemathesis_finds_nothing(own_server: Server, method: str, path: str) -> None:
    schema = schema_at(own_server).include(path=path, method=method)
    authenticate(schema, PROTECTED, {"Authorization": f"Bearer {own_server.log_in()['access_token']}"}, {})

    found, seen = findings(schema)

    assert found == []
    assert (f"{method} {path}", 404, "Not Found") in seen
    assert "good" in {word for _, _, word in seen} or path == "/auth/refresh"  # no token can be made up


@pytest.mark.parametrize("path", ["/auth/refresh", "/auth/logout"])
def test_schemathesis_finds_nothing_in_cookie_mode(own_server: Server, path: str) -> None:
    schema = schema_at(own_server).include(path=path)
    authenticate(schema, [path], PAGE, {REFRESH_TOKEN: cookie_of(own_server)})

    found, seen = findings(schema)

    assert found == []
    assert {"good", "ambiguous_credentials", "csrf_rejected"} <= {word for _, _, word in seen}


def cookie_of(server: Server) -> str:
    """Log in in cookie mode."""
    answer = server.request("POST", "/auth/login", json={**LOGIN, "mode": "cookie"}, headers=PAGE)
    return str(answer.cookies[REFRESH_TOKEN])


# What no client can make the local server answer: it does not fail, does not throttle, and deletes nobody.
NOT_PROVOKED = {"invalid_token", "internal_error", "service_unavailable", "Too Many Requests", "Internal Server Error",
                "Service Unavailable"}  # fmt: skip


def provoked(server: Server) -> Iterator[tuple[str, httpx.Response]]:
    """Make the server give every answer that it can."""

    def send(method: str, path: str, **more: Any) -> tuple[str, httpx.Response]:
        return f"{method} {path}", server.request(method, path, **more)

    def post(path: str, body: object, **headers: str) -> tuple[str, httpx.Response]:
        return send("POST", path, json=body, headers=headers)

    for path in ("/auth/login", "/auth/refresh", "/auth/logout"):
        yield send("POST", path, content=b"{", headers={"Content-Type": "application/json"})
        yield send("POST", path, content=b"x" * (MAX_BODY_BYTES + 1))
        yield send("POST", path, content=b"x" * (10 * 1024 * 1024 + 1))
        yield send("POST", path, content=b"x=y", headers={"Content-Type": "application/x-www-form-urlencoded"})
        yield post(path, {"x": "y"})
        yield post(path, {"email": 1, "password": 1} if path == "/auth/login" else {"refresh_token": 1})
    yield post("/auth/login", {**LOGIN, "password": "wrong"})
    yield post("/auth/login", LOGIN)
    yield post("/auth/login", {**LOGIN, "mode": "cookie"})
    yield post("/auth/login", {**LOGIN, "mode": "cookie"}, **PAGE)
    held = {"Cookie": f"{REFRESH_TOKEN}={cookie_of(server)}"}
    for path in ("/auth/refresh", "/auth/logout"):
        yield post(path, {}, **held)
        yield post(path, {"refresh_token": "x"}, **held, **PAGE)
        yield post(path, {}, **held, **PAGE)
    yield post("/auth/refresh", {}, **held, **PAGE)
    first = token = server.log_in()["refresh_token"]
    for _ in range(2):
        server.advance(60)
        yield post("/auth/refresh", {"refresh_token": token})
        token = server.post("/auth/refresh", {"refresh_token": token}).json()["refresh_token"]
    yield post("/auth/refresh", {"refresh_token": first})
    yield post("/auth/logout", {"refresh_token": first})
    for method, path in OPERATIONS:
        if path in PROTECTED:
            yield send(method, path)
            yield send(method, path, headers={"Authorization": "Bearer x"})
            yield send(method, path, headers={"Authorization": f"Bearer {server.log_in()['access_token']}"})
    yield send("GET", "/.well-known/jwks.json")
    yield send("GET", "/.well-known/openid-configuration")


def test_every_answer_of_the_document_is_given_and_no_other(own_server: Server) -> None:
    schema = schema_at(own_server)
    schema.config.checks.ignored_auth.enabled = False  # it takes a token that it did not send for a made-up one
    seen = set()
    for operation, answer in provoked(own_server):
        method, path = operation.split()
        schema[path][method].Case(path_parameters=IN_PATHS).validate_response(answer)
        seen.add((operation, answer.status_code, meaning(answer.status_code, answer.json() if answer.content else {})))

    assert seen == {answer for answer in documented_answers() if answer[2] not in NOT_PROVOKED}


@pytest.mark.parametrize("error", [InvalidToken(), Unavailable(), ZeroDivisionError()], ids=repr)
def test_an_answer_that_no_client_can_provoke_is_as_documented(error: Exception) -> None:
    def fail(_request: Request) -> NoReturn:
        raise error

    context = {"requestId": "r", "http": {"sourceIp": "192.0.2.1"}}
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config(seed=1))
    for method, path in OPERATIONS:
        key = f"{method} {path}"
        payload = HttpApiHandler(Api({key: fail}, FakeTelemetry()))({"routeKey": key, "requestContext": context}, None)
        answer = (key, payload["statusCode"], json.loads(payload["body"])["code"])
        if answer in documented_answers():
            sent = httpx.Request(method, f"https://auth.example.com{path}")
            response = httpx.Response(answer[1], headers=payload["headers"], text=payload["body"], request=sent)
            response.elapsed = timedelta()
            case = schema[path][method].Case(path_parameters=IN_PATHS)
            case.validate_response(response, excluded_checks=[not_a_server_error])
        else:
            assert answer[2] == "invalid_token"  # only where the caller was authorized
            assert path not in PROTECTED
