"""`python -m dev --template`: an API of one's own beside Sallyport's, guarded by the same authorizer as on AWS."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Process, Server, running
from tests.e2e.test_gateway import OUR_PAGE, own_answer, preflight

EXAMPLE = "examples/protected_http/template.yaml"


@pytest.fixture(scope="module")
def attached() -> Iterator[Server]:
    with running("--template", EXAMPLE, REVOCATION_MODE="strict") as server:
        yield server


def test_an_open_route_asks_for_nothing(attached: Server) -> None:
    answer = attached.request("GET", "/greeting")

    assert (answer.status_code, answer.json()) == (200, {"greeting": "Hello, whoever you are"})


@pytest.mark.parametrize("path", ["/orders", "/orders/42"])
def test_a_protected_route_refuses_who_brings_no_token_or_a_bad_one(attached: Server, path: str) -> None:
    tokens = attached.log_in()

    assert own_answer(attached.request("GET", path)) == (401, {"message": "Unauthorized"})
    for bad in ("x", "a.b.c", tokens["access_token"][:-8] + "AAAAAAAA", tokens["refresh_token"]):
        assert own_answer(attached.get(path, bad)) == (403, {"message": "Forbidden"})


def test_a_protected_route_learns_who_calls_with_what_roles_and_for_what(attached: Server) -> None:
    token = attached.log_in()["access_token"]
    sub = attached.me(token).json()["sub"]

    assert attached.get("/orders", token).json() == {"order_id": None, "sub": sub, "roles": ["demo"]}
    assert attached.get("/orders/4%202", token).json() == {"order_id": "4 2", "sub": sub, "roles": ["demo"]}


def test_a_logout_bites_at_once_in_strict_and_an_expired_token_always(attached: Server) -> None:
    first, second = attached.log_in(), attached.log_in()
    assert attached.get("/orders", first["access_token"]).status_code == 200

    attached.post("/auth/logout", {"refresh_token": first["refresh_token"]})

    assert own_answer(attached.get("/orders", first["access_token"])) == (403, {"message": "Forbidden"})
    assert attached.get("/orders", second["access_token"]).status_code == 200
    attached.advance(600)
    assert attached.get("/orders", second["access_token"]).status_code == 403


@pytest.mark.parametrize(("path", "status"), [
    ("/orders/%2e%2e", 401), ("/orders/;x", 401), ("/orders/..", 401), ("/orders/%2541", 401),
    ("/orders/", 404), ("/orders//", 404), ("/orders/1/", 404), ("/orders/1%2f2", 404), ("//orders", 404),
    ("/./orders", 404), ("/greeting/../orders", 404), ("/Orders", 404), ("/orders;x", 404), ("/greeting/", 404),
])  # fmt: skip
def test_e09_no_path_leads_past_the_authorizer(attached: Server, path: str, status: int) -> None:
    answer = attached.request_unchanged("GET", path)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_the_gateways_limits_hold_for_it_too(attached: Server) -> None:
    large = attached.request("GET", "/greeting", headers={"X-Padding": "x" * 10_240})

    assert own_answer(large) == (431, {"message": "Request Header Fields Too Large"})
    assert attached.request("GET", "/greeting", content=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_each_of_the_two_apis_has_its_own_cors(attached: Server) -> None:
    asked = attached.request(
        "OPTIONS", "/orders", headers={"Origin": OUR_PAGE, "Access-Control-Request-Method": "GET"}
    )  # fmt: skip
    answered = attached.request("GET", "/greeting", headers={"Origin": OUR_PAGE})

    assert preflight(attached, OUR_PAGE).headers["access-control-allow-origin"] == OUR_PAGE
    assert asked.status_code == 404  # the example describes no CORS
    assert not [name for name in answered.headers if name.startswith("access-control-")]


def test_it_says_which_routes_it_found_and_who_is_asked_first(attached: Server) -> None:
    assert "Your own: GET /greeting (open)\n" in attached.process.said
    assert "Your own: GET /orders/{order_id} (asks Authorizer)\n" in attached.process.said


YOUR_OWN = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Sallyport: {Type: String}
Resources:
  Shop:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["https://shop.example"], AllowMethods: [PUT], AllowHeaders: [authorization]}
      Auth:
        Authorizers:
          Guard:
            FunctionArn: {"Fn::ImportValue": !Sub "${Sallyport}-AuthorizerArn"}
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
  Login:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ../code
      Handler: src/main.handle
      Runtime: python3.12
      Environment: {Variables: {ISSUER_OF_TOKENS: {"Fn::ImportValue": !Sub "${Sallyport}-Issuer"}}}
      Events:
        Put:
          Type: HttpApi
          Properties: {ApiId: !Ref Shop, Method: PUT, Path: "/carts/{id}", Auth: {Authorizer: Guard}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Shop, Method: ANY, Path: "/{proxy+}"}}
"""
YOUR_CODE = """
import os

from .answers import answer

def handle(event, context):
    return answer(event, os.getenv("ISSUER_OF_TOKENS") if event["rawPath"] == "/later" else ISSUER)

ISSUER = os.environ["ISSUER_OF_TOKENS"]
"""
YOUR_ANSWERS = """
def answer(event, issuer):
    caller = event["requestContext"].get("authorizer", {}).get("lambda", {})
    return {"issuer": issuer, "roles": caller.get("roles"), "parameters": event["pathParameters"]}
"""


def test_a_template_anywhere_with_parameters_modules_and_names_of_its_own_is_served_as_well(tmp_path: Path) -> None:
    template = tmp_path / "infrastructure" / "shop.yaml"
    for path, text in {
        template: YOUR_OWN,
        tmp_path / "code/src/main.py": YOUR_CODE,
        tmp_path / "code/src/answers.py": YOUR_ANSWERS,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    with running("--template", str(template), "--parameter", "Sallyport=sallyport", CONTEXT_ROLES="true") as server:
        token = {"Authorization": f"Bearer {server.log_in()['access_token']}"}
        put = server.request("PUT", "/carts/7", headers=token)
        page = {"Origin": "https://shop.example", "Access-Control-Request-Method": "PUT"}

        assert put.json() == {"issuer": server.url, "roles": "demo", "parameters": {"id": "7"}}
        assert server.request("GET", "/later").json()["issuer"] == server.url
        assert server.request("PUT", "/carts/7").status_code == 401
        assert "PUT /carts/{id}" in server.request("GET", "/").text  # the greedy route is never empty: the page's path
        assert server.request("GET", "/carts/7").json()["parameters"] == {"proxy": "carts/7"}
        assert server.request("GET", "/auth/login").status_code == 404  # Sallyport's paths stay its own
        assert server.request("OPTIONS", "/carts/7", headers=page).headers["access-control-allow-methods"] == "PUT"
        assert "access-control-allow-origin" not in server.request("OPTIONS", "/auth/login", headers=page).headers


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("nowhere.yaml", "No such file or directory"),
        ("examples", "Is a directory"),
        ("Makefile", "this is no YAML"),
        ("examples/protected_rest/template.yaml", "Api is a REST API; only HTTP APIs run here"),
    ],
)
def test_a_template_that_cannot_run_here_is_one_line(template: str, why: str) -> None:
    process = Process("--template", template)

    assert process.wait() == 1
    assert process.said.startswith(f"Cannot start: {template}: ")
    assert process.said.count("\n") == 1
    assert why in process.said


@pytest.mark.parametrize("template", ["nowhere.yaml", "Makefile", "examples/protected_rest/template.yaml"])
def test_a_template_that_cannot_run_here_is_refused_before_anything_is_deployed(template: str) -> None:
    process = Process("--template", template, DYNAMODB_ENDPOINT_URL="http://127.0.0.1:9")  # where nobody answers

    assert process.wait() == 1
    assert process.said.startswith(f"Cannot start: {template}: ")
    assert process.logged == []


@pytest.mark.parametrize("parameter", ["Sallyport", "=x", ""])
def test_a_parameter_without_name_or_value_is_refused(parameter: str) -> None:
    process = Process("--template", EXAMPLE, "--parameter", parameter)

    assert process.wait() == 2
    assert "write NAME=VALUE" in process.said


def test_parameters_without_a_template_are_refused() -> None:
    process = Process("--parameter", "A=b")

    assert process.wait() == 2
    assert "--parameter is for a --template" in process.said


def test_make_dev_passes_the_template_on() -> None:
    command = ["make", "--dry-run", "--assume-old=.venv/.dev", "dev"]
    plain, with_template = (
        subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for more in ([], ["TEMPLATE=my own/template.yaml"])
    )

    assert "--template" not in plain
    assert 'python -m dev --template "my own/template.yaml"' in with_template
