"""The page at `/` of a running server, over HTTP and in Chromium."""

import os
import shutil
import subprocess

import pytest

from dev import demo
from tests.e2e.conftest import ROOT, Server


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_it_says_what_runs_here(server: Server, host: str) -> None:
    answer = server.request("GET", "/", headers={"Host": server.url.removeprefix("http://").replace("127.0.0.1", host)})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    for told in (demo.EMAIL, demo.PASSWORD, "POST /auth/login", "DELETE /auth/sessions/{sid}", "bounded"):
        assert told in answer.text


def test_no_page_of_another_origin_can_read_or_frame_it(server: Server) -> None:
    answer = server.request("GET", "/", headers={"Origin": "http://127.0.0.1:5173"})

    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_it_is_right_in_a_browser(server: Server) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    if not (ROOT / "tests/node/node_modules/playwright-core").is_dir():
        pytest.skip("playwright-core is not installed: npm was not found")
    ran = subprocess.run(
        ["node", "--test", "tests/node/front_page.test.mjs"],
        cwd=ROOT, env={**os.environ, "CHROMIUM": chromium, "API": server.url},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr
