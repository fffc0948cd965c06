"""The example page in Chromium, against a live server, by Node's own test runner; and the types of its scripts.

`spa` is about sessions, `accounts` about what comes by mail, `month` follows one person through a month, `looks` is
about how each state looks.
"""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import uvicorn

from dev.site import Site
from dev.spa import application
from tests.e2e.conftest import ROOT, running

_NODE_MODULES = ROOT / "tests/node/node_modules"
_EXAMPLE = ROOT / "examples/spa"
_EXAMPLE_API = "http://127.0.0.1:8787"


@pytest.mark.parametrize("tests", ["spa", "accounts", "month", "looks"])
def test_the_example_page_passes_its_tests_in_a_browser(tests: str, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    if not (_NODE_MODULES / "playwright-core").is_dir():
        pytest.skip("playwright-core is not installed: npm was not found")
    (tmp_path / "hostile.html").write_text('<!doctype html><link rel="icon" href="data:,"><title>Hostile</title>')
    with (
        serving_page(tmp_path / "page") as page,
        serving(tmp_path) as neighbour,
        running(ALLOWED_ORIGINS=f"{page},{page.replace('127.0.0.1', 'localhost')}", REVOCATION_MODE="strict") as server,
    ):
        write_pages(tmp_path / "page", server.url)
        ran = subprocess.run(
            ["node", "--test", f"tests/node/{tests}.test.mjs"],
            cwd=ROOT,
            env={**os.environ, "CHROMIUM": chromium, "API": server.url, "PAGE": page, "NEIGHBOUR": neighbour},
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr


def test_the_api_is_named_in_the_head_of_one_file() -> None:
    named = {path.name: path.read_text().count(_EXAMPLE_API) for path in _EXAMPLE.glob("*.*") if path.suffix != ".md"}

    assert {name: count for name, count in named.items() if count} == {"index.html": 2}


def test_the_client_and_the_example_page_are_strictly_typed() -> None:
    if not (_NODE_MODULES / "typescript").is_dir():
        pytest.skip("typescript is not installed: npm was not found")

    ran = subprocess.run(
        [_NODE_MODULES / ".bin/tsc", "--project", "tests/node"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stdout + ran.stderr


def write_pages(folder: Path, api: str) -> None:
    shutil.copytree(_EXAMPLE, folder, dirs_exist_ok=True)
    for page in folder.rglob("index.html"):
        named = page.read_text().replace(_EXAMPLE_API, api)
        page.write_text(named.replace("http://localhost:8787", api.replace("127.0.0.1", "localhost")))


@contextmanager
def serving_page(folder: Path) -> Iterator[str]:
    """Serve a copy of the page on a free port, as `make spa` does."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(application(Site(folder), port), lifespan="off", log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port, with no header but what it takes."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
