"""`make dev HTTPS=1` through real TLS: API and page at one address, and every guard of the local server as on http."""

import os
import re
import shutil
import ssl
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from dev import demo
from dev.site import EXAMPLE, HEADERS, LINKS
from tests.e2e.conftest import ROOT, Process, Server, running

LOGIN = {"email": demo.EMAIL, "password": demo.PASSWORD, "mode": "cookie"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def https(data: Path) -> Iterator[Server]:
    with running("--https", "--page", XDG_DATA_HOME=str(data), LOG_LEVEL="WARNING") as server:
        yield server


@pytest.fixture
def client(https: Server, data: Path) -> Iterator[httpx.Client]:
    """A client that trusts the printed authority and nobody else."""
    trusted = ssl.create_default_context(cafile=str(data / "sallyport/localhost/authority.pem"))
    with httpx.Client(base_url=https.url, verify=trusted, timeout=30, trust_env=False) as client:
        yield client


def ours(https: Server) -> dict[str, str]:
    return {"Origin": https.url, "Sec-Fetch-Site": "same-origin", "X-Sallyport-CSRF": "1"}


def test_it_says_where_it_is_and_how_to_trust_it(https: Server, data: Path) -> None:
    assert https.url.startswith("https://localhost:")
    for told in (
        "macOS",
        "Debian, Ubuntu",
        "Fedora",
        "Windows",
        "Firefox",
        f"{data}/sallyport/localhost/authority.pem",
    ):
        assert told in https.process.said
    assert "CURL_CA_BUNDLE" in https.process.said
    assert stat.S_IMODE((data / "sallyport/localhost/key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_certificate_holds_for_each_of_its_names(client: httpx.Client, https: Server, name: str) -> None:
    answer = client.get(https.url.replace("localhost", name) + "/.well-known/openid-configuration")

    assert answer.json()["issuer"] == https.url


def test_whoever_does_not_trust_the_authority_is_warned(https: Server) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(https.url, trust_env=False)


def test_cookie_mode_works_for_real_and_one_origin_needs_no_cors(client: httpx.Client, https: Server) -> None:
    logged_in = client.post("/auth/login", json=LOGIN, headers=ours(https))
    refreshed = client.post("/auth/refresh", json={}, headers=ours(https))
    bearer = {"Authorization": f"Bearer {refreshed.json()['access_token']}"}

    assert (logged_in.status_code, refreshed.status_code) == (200, 200)
    (cookie,) = [c for c in logged_in.headers.get_list("set-cookie") if c.startswith("__Host-refresh_token=")]
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert client.get("/auth/me", headers=bearer).json()["email"] == demo.EMAIL
    assert client.post("/auth/logout", json={}, headers=ours(https)).status_code == 204


@pytest.mark.parametrize("path", ["/", *LINKS, "/verify-email/"])
def test_the_page_is_at_the_root_and_wherever_mails_lead(client: httpx.Client, path: str) -> None:
    page = client.get(path, params={"token": "t"})

    assert page.status_code == 200
    assert 'name="sallyport-url" content="/"' in page.text
    assert "8787" not in page.text
    policy = page.headers["content-security-policy"]
    assert {"default-src 'none'", "connect-src 'self'", "script-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )


def test_every_file_of_the_page_comes_with_the_headers_of_a_page(client: httpx.Client) -> None:
    files = [path for path in EXAMPLE.iterdir() if path.suffix in (".js", ".css", ".svg")]
    assert len(files) > 10
    for path in [*(f"/{file.name}" for file in files), "/"]:
        answer = client.get(path)
        assert answer.status_code == 200
        assert HEADERS.items() <= dict(answer.headers).items(), path
        assert "strict-transport-security" not in answer.headers  # it would hold for every port of localhost


@pytest.mark.parametrize(
    "path",
    ["/README.md", "/../serve.py", "/%2e%2e/%2e%2e/pyproject.toml", "//etc/passwd", "/.git/x.js", "/no.js", "/x%00.js"],
)  # fmt: skip
def test_nothing_else_of_this_disk_is_served(https: Server, client: httpx.Client, path: str) -> None:
    assert client.get(httpx.URL(https.url, raw_path=path.encode())).status_code == 404


def test_links_of_mails_lead_to_the_page(client: httpx.Client, https: Server) -> None:
    told = client.post("/auth/password/forgot", json={"email": demo.EMAIL}).json()
    mail: dict[str, Any] | None = None
    while mail is None:
        mails = client.get("/_dev/outbox").json()["messages"]
        mail = next((mail for mail in mails if told["request"] in mail["subject"] + mail["text"]), None)

    assert f"{https.url}/reset-password?token=" in mail["text"]


def test_what_runs_here_is_told_beside_the_page(client: httpx.Client) -> None:
    assert "Sallyport on this machine" in client.get("/_dev/").text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "localhost", "[::1]:{port}"])
def test_it_answers_to_its_own_names_only(client: httpx.Client, https: Server, host: str) -> None:
    answer = client.get("/", headers={"Host": host.format(port=urlsplit(https.url).port)})

    assert answer.status_code in (400, 421)
    assert "Sallyport" not in answer.text


@pytest.mark.parametrize(
    "page",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "https://localhost:5173"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_no_page_of_another_origin_reaches_what_only_the_local_server_has(
    client: httpx.Client, https: Server, page: dict[str, str]
) -> None:
    headers = {name: value.format(port=urlsplit(https.url).port) for name, value in page.items()}
    day = {"advance_seconds": 0}

    assert client.post("/_dev/clock", json=day, headers={"Origin": https.url}).status_code == 200
    refused = client.post("/_dev/clock", json=day, headers=headers)

    assert refused.status_code == 403
    assert f"Call this as {https.url}/_dev/clock" in refused.json()["message"]


def test_a_caller_does_not_choose_its_address(client: httpx.Client) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    tokens = client.post("/auth/login", json={**LOGIN, "mode": "body"}, headers=forged).json()
    listed = client.get("/auth/sessions", headers={"Authorization": f"Bearer {tokens['access_token']}"}).json()

    assert {session["ip"] for session in listed["sessions"] if session["current"]} == {"127.0.0.1"}


def test_a_key_that_others_may_read_keeps_it_from_starting(https: Server, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sallyport/localhost"
    folder.mkdir(parents=True)
    for path in (data / "sallyport/localhost").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "key.pem").chmod(0o644)

    process = Process("--https", XDG_DATA_HOME=str(tmp_path))

    assert process.wait() == 1
    assert process.said.startswith("Cannot start: others may have read ")


def test_chromium_trusts_it_after_the_command_that_is_printed(https: Server, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    if shutil.which("certutil") is None:
        pytest.skip("certutil is not installed (Debian's libnss3-tools)")
    if not (ROOT / "tests/node/node_modules/playwright-core").is_dir():
        pytest.skip("playwright-core is not installed: npm was not found")
    (command,) = re.findall(r"^  Debian, Ubuntu: +(.+?)   #", https.process.said, re.MULTILINE)
    environment = {**os.environ, "HOME": str(tmp_path), "CHROMIUM": chromium, "API": https.url}
    environment.pop("XDG_DATA_HOME", None)

    subprocess.run(command, shell=True, check=True, env=environment, timeout=60)  # as a person would
    ran = subprocess.run(
        ["node", "--test", "tests/node/https.test.mjs"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr
