"""Clients that are generated from docs/api.yaml log in, refresh, are told what went wrong, and log out."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from dev import demo
from tests.e2e.conftest import ROOT, Server

PROGRAMS = ROOT / ".venv-generators/bin"
PYTHON = PROGRAMS / "python"
DOCUMENT = ROOT / "docs/api.yaml"

pytestmark = pytest.mark.skipif(not PYTHON.exists(), reason="no generators of API clients: make generators")

OF_OPENAPI_PYTHON_CLIENT = """
import json, sys
from generated import AuthenticatedClient, Client
from generated.api.account import me
from generated.api.sessions import login, logout, refresh
from generated.models import LoginRequest, LogoutRequest, RefreshRequest

url, email, password = sys.argv[1:]
client = Client(base_url=url, raise_on_unexpected_status=True)
opened = login.sync(client=client, body=LoginRequest(email=email, password=password))
refused = login.sync(client=client, body=LoginRequest(email=email, password="another one"))
malformed = login.sync(client=client, body=LoginRequest(email="nobody", password=password))
rotated = refresh.sync(client=client, body=RefreshRequest(refresh_token=opened.refresh_token))
user = me.sync(client=AuthenticatedClient(base_url=url, token=rotated.access_token))
ended = logout.sync_detailed(client=client, body=LogoutRequest(refresh_token=rotated.refresh_token))
over = refresh.sync(client=client, body=RefreshRequest(refresh_token=rotated.refresh_token))
print(json.dumps({
    "refused": refused.code, "malformed": malformed.errors[0].field, "email": user.email,
    "status": ended.status_code, "over": over.code,
}))
"""

OF_OPENAPI_GENERATOR = """
import json, sys
from generated import (
    AccountApi, ApiClient, ApiException, Configuration, LoginRequest, LogoutRequest, RefreshRequest, SessionsApi,
)

url, email, password = sys.argv[1:]
client = ApiClient(Configuration(host=url))
sessions = SessionsApi(client)


def problem(call, **request):
    try:
        call(**request)
    except ApiException as refused:
        return refused.data
    raise AssertionError("nothing was refused")


opened = sessions.login(LoginRequest(email=email, password=password)).actual_instance
refused = problem(sessions.login, login_request=LoginRequest(email=email, password="another one"))
malformed = problem(sessions.login, login_request=LoginRequest(email="nobody", password=password)).actual_instance
presented = RefreshRequest(refresh_token=opened.refresh_token)
rotated = sessions.refresh(refresh_request=presented).actual_instance
client.configuration.access_token = rotated.access_token
user = AccountApi(client).me()
client.configuration.access_token = None
ended = sessions.logout_with_http_info(logout_request=LogoutRequest(refresh_token=rotated.refresh_token))
presented = RefreshRequest(refresh_token=rotated.refresh_token)
over = problem(sessions.refresh, refresh_request=presented)
print(json.dumps({
    "refused": refused.code, "malformed": malformed.to_dict()["errors"][0]["field"], "email": user.email,
    "status": ended.status_code, "over": over.code,
}))
"""


def ran(*command: str | Path, into: Path) -> str:
    variables = {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(into)}
    done = subprocess.run(command, cwd=into, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def use(program: str, server: Server, into: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads(
        ran(PYTHON, "-W", "error", "-c", program, server.url, demo.EMAIL, demo.PASSWORD, into=into)
    )
    return said


WELL = {
    "refused": "invalid_credentials",
    "malformed": "email",
    "email": demo.EMAIL,
    "status": 204,
    "over": "invalid_grant",
}


def test_a_client_of_openapi_python_client_works(server: Server, tmp_path: Path) -> None:
    generator = PROGRAMS / "openapi-python-client"
    said = ran(generator, "generate", "--path", DOCUMENT, "--meta=none", "--output-path=generated", into=tmp_path)

    assert "Warning" not in said
    assert use(OF_OPENAPI_PYTHON_CLIENT, server, tmp_path) == WELL


def test_a_client_of_openapi_generator_works(server: Server, tmp_path: Path) -> None:
    generator = PROGRAMS / "openapi-generator-cli"
    options = ("-g", "python", "-o", ".", "--package-name=generated", "--global-property=models,apis,supportingFiles")
    ran(generator, "generate", "-i", DOCUMENT, *options, into=tmp_path)

    assert use(OF_OPENAPI_GENERATOR, server, tmp_path) == WELL
