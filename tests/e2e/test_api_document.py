"""docs/api.yaml and the service say the same."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
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
from dev.sam.template import ANY
from sallyport.aws.api_gateway import HttpApiHandler
from sallyport.errors import (
    FieldError,
    InvalidField,
    InvalidToken,
    OriginRejected,
    RegistrationClosed,
    RoleMissing,
    SallyportError,
    TooManyAttempts,
    Unavailable,
)
from sallyport.http.cookies import REFRESH_TOKEN
from sallyport.http.problem import ANSWERS_TOKENS, NOT_AT_LOGIN, PROBLEMS
from sallyport.http.request import MAX_BODY_BYTES, Request
from sallyport.http.serve import Api, anyone
from tests.e2e.conftest import ROOT, Server, running
from tests.support.fakes import FakeTelemetry

DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs/api.yaml").read_text())
OPERATIONS = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]
PROTECTED = [
    "/auth/me",
    "/auth/me/delete",
    "/auth/sessions",
    "/auth/sessions/{sid}",
    "/auth/password/change",
    "/auth/email/change",
    "/auth/email/confirm",
]
VERIFY = "/auth/verify"
"""Where a token is asked for, though not by the gateway's authorizer. Of its methods the document has one, GET."""

IN_PATHS = {"sid": "q83vEjRWeJCrze8SNFZ4kA"}
HOUR = 3600
NO_PROOF = f"{'x' * 22}.{'x' * 43}"  # in good form
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


def parts(of: Any) -> Iterator[Mapping[str, Any]]:
    """Yield every object in the document."""
    for part in of.values() if isinstance(of, dict) else of if isinstance(of, list) else ():
        yield from parts(part)
    if isinstance(of, dict):
        yield of


def test_it_has_nothing_that_generators_of_clients_stumble_over() -> None:
    """Two of them run in test_generated_clients.py; docs/api.md says of which others this is known."""
    headers = [*DOCUMENT["components"]["headers"].values(), *DOCUMENT["components"]["parameters"].values()]

    assert [part for part in parts(DOCUMENT) if "oneOf" in part] == []
    assert [part for part in parts(DOCUMENT) if "$ref" in part and len(part) > 1] == []
    assert [header for header in headers if "const" in header["schema"]] == []
    assert [part for part in parts(DOCUMENT) if {"type": "null"} in part.get("anyOf", [])] == []


def test_its_routes_are_the_templates_routes(cloud: Cloud) -> None:
    routes = dict(stack.read(table_name="t", kms_key_id="k").routes)
    of_every_method = {path: routes.pop((method, path)) for method, path in list(routes) if method == ANY}

    assert of_every_method.keys() == {VERIFY, f"{VERIFY}/{{proxy+}}"}
    assert set(OPERATIONS) == routes.keys() | {("GET", VERIFY)}
    for (method, path), route in routes.items():
        security = DOCUMENT["paths"][path][method.lower()]["security"]
        assert (security == [{"accessToken": []}]) == (route.authorizer is not None)
    assert {path for (_, path), route in routes.items() if route.authorizer} == set(PROTECTED)


def test_its_error_codes_are_the_services_with_their_status_and_words() -> None:
    problems = [body for body, _ in documented_answers().values() if "code" in body]

    table = [(code, *row) for code, row in PROBLEMS.items()] + [(e.code, *row) for e, row in NOT_AT_LOGIN.items()]

    assert {(p["code"], p["status"], p["title"], p["detail"]) for p in problems} == set(table)


def test_problems_are_for_oauth_libraries_where_they_call_and_nowhere_else() -> None:
    problems = {answer: body for answer, (body, _) in documented_answers().items() if "code" in body}

    named = {answer: body for answer, body in problems.items() if "error" in body}
    refused = {answer for answer in problems if answer[0] in ANSWERS_TOKENS and answer[1] in (401, 403)}

    assert {answer[0] for answer in named} == set(ANSWERS_TOKENS)
    assert named.keys() == {answer for answer in refused if answer[2] not in ("csrf_rejected", "origin_rejected")}
    assert all((body["error"], body["error_description"]) == (body["code"], body["detail"]) for body in named.values())


def test_every_example_is_what_its_schema_says() -> None:
    for answer, (example, schema) in documented_answers().items():
        validator = OAS31Validator({**schema, "components": DOCUMENT["components"]})
        assert list(validator.iter_errors(example)) == [], answer
        assert answer[2] == "good" or answer[1] == example.get("status", answer[1])


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
        is_any = case.operation.path == VERIFY
        return not is_any and (response.status_code, response.json()) != (404, {"message": "Not Found"})
    if isinstance(failure, RejectedPositiveData):
        word = meaning(response.status_code, response.json())
        if word == "ambiguous_credentials":  # each credential is good by itself, but not beside another one
            return not case.cookies
        return (response.status_code, word) not in REFUSED_IN_GOOD_FORM
    return True


# Good form, and yet: no proof can be made up, a setting asks for longer passwords, and who asks is limited.
REFUSED_IN_GOOD_FORM = {
    (400, "invalid_token"),
    (400, "password_too_short"),
    (400, "password_too_long"),
    (403, "role_missing"),
    (429, "too_many_attempts"),
}

# What takes a proof that nobody can make up, or would change the demo user's password, or delete them.
NEVER_DONE = [
    "/auth/refresh",
    "/auth/verify-email",
    "/auth/password/reset",
    "/auth/password/change",
    "/auth/email/confirm",
    "/auth/me/delete",
]


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
    own_server.advance(HOUR)  # then whoever was limited is not
    schema = schema_at(own_server).include(path=path, method=method)
    authenticate(schema, [*PROTECTED, VERIFY], {"Authorization": f"Bearer {own_server.log_in()['access_token']}"}, {})

    found, seen = findings(schema)

    assert found == []
    assert (f"{method} {path}", 404, "Not Found") in seen
    is_done = "good" in {word for _, _, word in seen}
    assert is_done != (path in NEVER_DONE or (method, path) == ("DELETE", "/auth/me"))


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


# What no client can make the local server answer: it does not fail, does not throttle, registers everybody, has no
# proxy in front, asks no other service about passwords, and an access token that the authorizer lets pass is not
# revoked a moment later.
NOT_PROVOKED = {
    (401, "invalid_token"),
    (500, "internal_error"),
    (503, "service_unavailable"),
    (403, "origin_rejected"),
    (403, "registration_closed"),
    (400, "password_breached"),
    (429, "Too Many Requests"),
    (500, "Internal Server Error"),
    (503, "Service Unavailable"),
}
# The limit of proofs is 10,000 here (dev/aws/deployment.py).
NOT_LIMITED = {"POST /auth/verify-email", "POST /auth/password/reset", "POST /auth/email/confirm"}

Sent = tuple[str, httpx.Response]


class Sender:
    """Sends requests, and names the operation that each is of."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def send(self, method: str, path: str, **more: Any) -> Sent:
        return f"{method} {path}", self.server.request(method, path, **more)

    def post(self, path: str, body: object, **headers: str) -> Sent:
        return self.send("POST", path, json=body, headers=headers)

    def bearer(self, tokens: Mapping[str, Any]) -> dict[str, str]:
        return {"Authorization": f"Bearer {tokens['access_token']}"}

    def proof_for(self, asked: httpx.Response) -> dict[str, str]:
        """Wait for the mail that answers a mail request, and return the proof of its link."""
        link = re.compile(rf"\?token=({asked.json()['request']}\S+)")
        while True:
            messages = self.server.request("GET", "/_dev/outbox").json()["messages"]
            for message in messages:
                if found := link.search(message["text"]):
                    return {"token": found[1]}


def verified(to: Sender, headers: Mapping[str, str]) -> Iterator[Sent]:
    for query in ("", "?role=demo", "?role=admin", "?rolle=admin"):
        operation, answer = to.send("GET", VERIFY + query, headers=headers)
        yield operation.partition("?")[0], answer
    yield to.send("GET", VERIFY)


def takes_body(method: str, path: str) -> bool:
    return "requestBody" in DOCUMENT["paths"][path][method.lower()]


def ill_formed(to: Sender, headers: Mapping[str, str]) -> Iterator[Sent]:
    """Send what no route takes to every route that takes a body."""
    for method, path in OPERATIONS:
        if takes_body(method, path):
            given = headers if path in PROTECTED else {}
            as_json = {**given, "Content-Type": "application/json"}
            yield to.send(method, path, headers=as_json, content=b"{")
            yield to.send(method, path, headers=given, content=b"x" * (MAX_BODY_BYTES + 1))
            yield to.send(method, path, headers=given, content=b"x" * (10 * 1024 * 1024 + 1))
            form = {**given, "Content-Type": "application/x-www-form-urlencoded"}
            yield to.send(method, path, headers=form, content=b"x=y")
            yield to.send(method, path, headers=given, json={"x": "y"})
            wrong = {"refresh_token": 1} if path in ("/auth/refresh", "/auth/logout") else {}
            yield to.send(method, path, headers=given, json=wrong)


def sessions(to: Sender) -> Iterator[Sent]:
    server, post = to.server, to.post
    yield post("/auth/login", {**LOGIN, "password": "wrong"})
    yield post("/auth/login", {**LOGIN, "email": "ann"})
    yield post("/auth/login", {**LOGIN, "password": TOO_LONG})
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
            yield to.send(method, path)
            yield to.send(method, path, headers={"Authorization": "Bearer x"})
            if not takes_body(method, path):
                yield to.send(method, path, headers=to.bearer(server.log_in()))


TOO_LONG = "x" * 1025
CHOSEN, ANOTHER = "a shelf of nine odd teapots", "two ladders lean on one apple tree"
EMAIL = "api.document@example.com"


def accounts(to: Sender) -> Iterator[Sent]:
    """Open an account, reset and change its password, move it, and delete it."""
    server, post = to.server, to.post
    server.advance(HOUR)
    yield post("/auth/register", {"email": "ann"})
    yield post("/auth/password/forgot", {"email": "ann"})
    for asking, redeeming in (("register", "verify-email"), ("password/forgot", "password/reset")):
        yield (asked := post(f"/auth/{asking}", {"email": EMAIL}))
        yield from chosen(to, f"/auth/{redeeming}", to.proof_for(asked[1]), CHOSEN)
    tokens = server.post("/auth/login", {"email": EMAIL, "password": CHOSEN}).json()
    change = "/auth/password/change"
    for current, new in ((ANOTHER, ANOTHER), (CHOSEN, "short"), (CHOSEN, TOO_LONG), (CHOSEN, EMAIL), (CHOSEN, ANOTHER)):
        body = {"current_password": current, "new_password": new}
        yield post(change, body, **to.bearer(tokens))
    tokens = server.post("/auth/login", {"email": EMAIL, "password": ANOTHER}).json()
    moved = f"moved.{EMAIL}"
    for email, password in (("ann", ANOTHER), (moved, TOO_LONG), (moved, CHOSEN)):
        yield post("/auth/email/change", {"email": email, "password": password}, **to.bearer(tokens))
    yield (asked := post("/auth/email/change", {"email": moved, "password": ANOTHER}, **to.bearer(tokens)))
    yield post("/auth/email/confirm", {"token": NO_PROOF}, **to.bearer(tokens))
    yield post("/auth/email/confirm", to.proof_for(asked[1]), **to.bearer(tokens))
    yield from deleted(to, "POST", "/auth/me/delete", tokens, ANOTHER)


def chosen(to: Sender, path: str, proof: Mapping[str, str], password: str) -> Iterator[Sent]:
    """Choose a password by a proof, after every refusal."""
    for refused in ("short", TOO_LONG, EMAIL):
        yield to.post(path, {**proof, "password": refused})
    yield to.post(path, {"token": NO_PROOF, "password": password})
    yield to.post(path, {**proof, "password": password, "mode": "cookie"})
    yield to.post(path, {**proof, "password": password, "mode": "cookie"}, **PAGE)


def deleted(to: Sender, method: str, path: str, tokens: Mapping[str, Any], password: str) -> Iterator[Sent]:
    for refused in (TOO_LONG, "wrong"):
        yield to.send(method, path, json={"password": refused}, headers=to.bearer(tokens))
    yield to.send(method, path, json={"password": password}, headers=to.bearer(tokens))


def limited(to: Sender, headers: Mapping[str, str]) -> Iterator[Sent]:
    """Ask for mails until there is no more, and guess passwords until nobody may."""
    yield until_limited(lambda: to.post("/auth/register", {"email": EMAIL}))
    yield until_limited(lambda: to.post("/auth/password/forgot", {"email": EMAIL}))
    change_email = {"email": EMAIL, "password": demo.PASSWORD}
    yield until_limited(lambda: to.post("/auth/email/change", change_email, **headers))
    yield until_limited(lambda: to.post("/auth/login", {"email": "nobody@example.com", "password": "wrong"}))
    change = {"current_password": "wrong", "new_password": ANOTHER}
    guessing = to.bearer(to.server.log_in())
    yield until_limited(lambda: to.post("/auth/password/change", change, **guessing))
    for method, path in (("DELETE", "/auth/me"), ("POST", "/auth/me/delete")):
        yield until_limited(partial(to.send, method, path, json={"password": "wrong"}, headers=guessing))


def until_limited(send: Callable[[], Sent]) -> Sent:
    while (sent := send())[1].status_code != 429:
        pass
    return sent


def provoked(server: Server) -> Iterator[Sent]:
    """Make the server give every answer that it can."""
    to = Sender(server)
    yield from ill_formed(to, to.bearer(server.log_in()))
    yield from sessions(to)
    yield from accounts(to)
    yield from limited(to, to.bearer(server.log_in()))
    yield from verified(to, to.bearer(server.log_in()))
    yield from deleted(to, "DELETE", "/auth/me", server.log_in(), demo.PASSWORD)
    yield to.send("GET", "/.well-known/jwks.json")
    yield to.send("GET", "/.well-known/openid-configuration")


def test_every_answer_of_the_document_is_given_and_no_other(own_server: Server) -> None:
    schema = schema_at(own_server)
    schema.config.checks.ignored_auth.enabled = False  # it takes a token that it did not send for a made-up one
    seen = set()
    for operation, answer in provoked(own_server):
        method, path = operation.split()
        schema[path][method].Case(path_parameters=IN_PATHS).validate_response(answer)
        seen.add((operation, answer.status_code, meaning(answer.status_code, answer.json() if answer.content else {})))

    provoked_there = {(f"GET {VERIFY}", 401, "invalid_token")}
    expected = provoked_there | {answer for answer in documented_answers() if answer[1:] not in NOT_PROVOKED}
    assert seen == {a for a in expected if a[1:] != (429, "too_many_attempts") or a[0] not in NOT_LIMITED}


EVERYWHERE = {f"{method} {path}" for method, path in OPERATIONS}
WHERE_AUTHORIZED = {operation for operation in EVERYWHERE if operation.split()[1] in PROTECTED}
WHERE_CHOSEN = {"POST /auth/verify-email", "POST /auth/password/reset", "POST /auth/password/change"}
WHERE_LIMITED = NOT_LIMITED | {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/password/forgot",
    "POST /auth/password/change",
    "POST /auth/email/change",
    "DELETE /auth/me",
    "POST /auth/me/delete",
}
BREACHED = InvalidField(FieldError("password", "password_breached", "This password is known."))


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (InvalidToken(), WHERE_AUTHORIZED | {f"GET {VERIFY}"}),
        (RoleMissing(), {f"GET {VERIFY}"}),
        (Unavailable(), EVERYWHERE),
        (ZeroDivisionError(), EVERYWHERE),
        (OriginRejected(), {operation for operation in EVERYWHERE if "/.well-known/" not in operation}),
        (RegistrationClosed(), {"POST /auth/register"}),
        (BREACHED, WHERE_CHOSEN),
        (TooManyAttempts(7), WHERE_LIMITED),
    ],
    ids=lambda value: value.code if isinstance(value, SallyportError) else "",
)
def test_an_answer_that_no_client_can_provoke_is_as_documented(error: Exception, where: set[str]) -> None:
    def fail(_request: Request) -> NoReturn:
        raise error

    context = {"requestId": "r", "http": {"sourceIp": "192.0.2.1"}}
    schema = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config(seed=1))
    documented = set()
    for method, path in OPERATIONS:
        key = f"{method} {path}"
        payload = HttpApiHandler(Api({key: fail}, FakeTelemetry(), anyone))(
            {"routeKey": key, "requestContext": context}, None
        )
        answer = (key, payload["statusCode"], json.loads(payload["body"])["code"])
        if answer in documented_answers():
            documented.add(key)
            sent = httpx.Request(method, f"https://auth.example.com{path}")
            response = httpx.Response(answer[1], headers=payload["headers"], text=payload["body"], request=sent)
            response.elapsed = timedelta()
            case = schema[path][method].Case(path_parameters=IN_PATHS)
            case.validate_response(response, excluded_checks=[not_a_server_error])
    assert documented == where
