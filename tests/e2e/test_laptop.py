"""The developer's laptop is no way in (ATTACKS O09): no web page reads or drives the local API or the embedded AWS."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from dev.aws.cloud import FORBIDDEN, SERVICES
from tests.e2e.conftest import ROOT, Server, running
from tests.e2e.test_spa import serving
from tests.support.engines import dynoxide
from tests.support.ports import free_ports

PAGES = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:5173"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]
REBOUND = ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
DEV = [
    ("GET", "/_dev/stack"),
    ("GET", "/_dev/events"),
    ("GET", "/_dev/outbox"),
    ("GET", "/_dev/outbox.html"),
    ("POST", "/_dev/clock"),
    ("POST", "/_dev/rotate_keys"),
]


@pytest.fixture(scope="module")
def aws(server: Server) -> str:
    """The embedded AWS of a running server."""
    return str(server.request("GET", "/_dev/stack").json()["dynamodb_endpoint_url"])


def signed(
    url: str, *, service: str = "dynamodb", target: str = "DynamoDB_20120810.ListTables", key: str = "local"
) -> dict[str, str]:
    """Return the headers of a call that moto would serve, as any program of this machine could sign it."""
    request = AWSRequest("POST", url, data=b"{}", headers={"X-Amz-Target": target})
    SigV4Auth(Credentials(key, "any"), service, "us-east-1").add_auth(request)
    return dict(request.headers)


def called(url: str, **headers: str) -> httpx.Response:
    return httpx.post(url, content=b"{}", headers={**signed(url), **headers}, trust_env=False)


@pytest.mark.parametrize("host", REBOUND)
def test_neither_server_answers_to_a_name_that_is_not_its_own(server: Server, aws: str, host: str) -> None:
    for url in (server.url, aws):
        name = host.format(port=urlsplit(url).port)
        path = "/.well-known/jwks.json" if url == server.url else "/"

        answer = httpx.request("POST" if url == aws else "GET", url + path, headers={**signed(url), "Host": name})

        assert answer.status_code in (400, 403, 421)
        assert b"keys" not in answer.content
        assert b"TableNames" not in answer.content


def test_the_local_api_answers_to_both_of_its_names(server: Server) -> None:
    port = urlsplit(server.url).port

    for name in (f"127.0.0.1:{port}", f"localhost:{port}", f"LOCALHOST:{port}"):
        assert server.request("GET", "/.well-known/jwks.json", headers={"Host": name}).status_code == 200


@pytest.mark.parametrize("header", PAGES)
@pytest.mark.parametrize(("method", "path"), DEV)
def test_no_page_of_another_origin_reaches_what_only_the_local_server_has(
    server: Server, method: str, path: str, header: dict[str, str]
) -> None:
    answer = server.request(method, path, content=b'{"advance_seconds": 0}', headers=header)

    assert answer.status_code == 403
    assert "not from a web page" in answer.json()["message"]


@pytest.mark.parametrize("header", PAGES)
def test_the_embedded_aws_serves_no_page_and_tells_it_nothing(aws: str, header: dict[str, str]) -> None:
    assert called(aws).status_code == 200

    refused = called(aws, **header)

    assert (refused.status_code, refused.content) == (403, FORBIDDEN)
    assert not [name for name in refused.headers if name.startswith("access-control")]


def test_the_embedded_aws_answers_no_preflight(aws: str) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    refused = httpx.options(aws, headers=asked, trust_env=False)

    assert refused.status_code == 403
    assert not [name for name in refused.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/moto-api/", "/moto-api/reset", "/moto-api/data.json", "/"])
def test_the_embedded_aws_serves_nothing_that_is_not_signed(aws: str, path: str) -> None:
    for method in ("GET", "POST"):
        assert httpx.request(method, aws + path, trust_env=False).status_code == 403


@pytest.mark.parametrize("path", ["/moto-api/reset", "//moto-api/reset", "/%6doto-api/reset", "/x/../moto-api/reset"])
def test_not_even_a_signed_call_reaches_motos_own_controls(aws: str, path: str) -> None:
    before = called(aws).json()

    called(aws + path)

    assert called(aws).json() == before
    assert before["TableNames"]


@pytest.mark.parametrize("path", ["/latest/meta-data/", "/favicon.ico", "/x"])
def test_a_signed_call_to_any_other_path_is_refused(aws: str, path: str) -> None:
    """moto has more to say there than the services of the stack."""
    assert called(aws + path).content == FORBIDDEN


@pytest.mark.parametrize("key", ["", "a b", "other", "LOCAL"])
def test_the_access_key_must_be_the_one_that_was_handed_out(aws: str, key: str) -> None:
    assert httpx.post(aws, content=b"{}", headers=signed(aws, key=key), trust_env=False).content == FORBIDDEN


@pytest.mark.parametrize("service", ["s3", "lambda", "ec2", "sts", "iam", "batch", "ssm", "moto-api"])
def test_the_embedded_aws_has_only_the_services_of_the_stack(aws: str, service: str) -> None:
    assert service not in SERVICES
    headers = signed(aws, service=service, target="AmazonSSM.DescribeParameters")

    assert httpx.post(aws, content=b"{}", headers=headers, trust_env=False).content == FORBIDDEN


def test_a_caller_does_not_choose_its_address(server: Server) -> None:
    """As at API Gateway: `X-Forwarded-For` is a header like any other."""
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    credentials = {"email": "demo@example.com", "password": "correct horse battery staple"}
    tokens = server.request("POST", "/auth/login", json=credentials, headers=forged).json()

    listed = server.get("/auth/sessions", tokens["access_token"]).json()["sessions"]

    (current,) = (session for session in listed if session["current"])
    assert current["ip"] == "127.0.0.1"


def test_a_page_of_another_origin_in_a_browser_achieves_nothing(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    if not (ROOT / "tests/node/node_modules/playwright-core").is_dir():
        pytest.skip("playwright-core is not installed: npm was not found")
    (tmp_path / "hostile.html").write_text('<!doctype html><link rel="icon" href="data:,"><title>Hostile</title>')
    with serving(tmp_path) as page, running() as server:
        stack = server.request("GET", "/_dev/stack").json()
        url = stack["dynamodb_endpoint_url"]
        before = table_of(stack)
        ran = subprocess.run(
            ["node", "--test", "tests/node/hostile.test.mjs"],
            cwd=ROOT,
            env={
                **os.environ,
                "CHROMIUM": chromium, "PAGE": page, "API": server.url,
                "AWS": url, "SIGNED": json.dumps(signed(url)),
            },
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        after = server.request("GET", "/_dev/stack").json()

        assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr
        assert table_of(stack) == before
        assert after["now_ms"] - stack["now_ms"] < 3_600_000  # the page has asked for a day, many times


def table_of(stack: dict[str, Any]) -> list[Any]:
    """Read the whole table, as a program of this machine may."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=stack["dynamodb_endpoint_url"],
        region_name=stack["region"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    items = client.scan(TableName=stack["table_name"])["Items"]
    return sorted(items, key=lambda item: (item["PK"]["S"], item["SK"]["S"]))


def test_a_second_run_on_an_engine_that_keeps_its_data_logs_in_the_users_of_the_first() -> None:
    """The KMS key is the process's own: the keys that it sealed are of no more use, and one line says so."""
    (port,) = free_ports(1)  # the same for both, or already the issuer would be another
    with dynoxide() as url:
        with running(DYNAMODB_ENDPOINT_URL=url, PORT=str(port)) as first:
            assert "signing keys" not in first.process.said
            old = first.log_in()
        with running(DYNAMODB_ENDPOINT_URL=url, PORT=str(port)) as second:
            new = second.log_in()

            assert second.process.said.count("New signing keys were made") == 1
            assert second.me(new["access_token"]).json()["email"] == "demo@example.com"
            assert second.me(old["access_token"]).status_code == 403
            refused = second.post("/auth/refresh", {"refresh_token": old["refresh_token"]})
            assert (refused.status_code, refused.json()["code"]) == (401, "invalid_grant")
