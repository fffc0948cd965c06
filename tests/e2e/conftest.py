"""A running `make dev`, spoken to over real HTTP."""

import dataclasses
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from dev import demo
from sallyport import settings

ROOT = Path(__file__).parent.parent.parent


# Settings of the shell that runs the tests are not the tests' business.
_SETTINGS = {
    field.name.upper()
    for group in vars(settings).values()
    if dataclasses.is_dataclass(group)
    for field in dataclasses.fields(group)
}
_NO_SETTINGS = {name: value for name, value in os.environ.items() if name not in _SETTINGS}

# A shell lets what it starts in the background ignore Ctrl-C: these tests, and with them every server that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Process:
    """A `python -m dev` process. A thread reads what it prints, so that it never waits for a reader."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dev", *arguments],
            cwd=ROOT,
            env={**_NO_SETTINGS, "PORT": "0", **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._is_up = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def printed(self) -> list[str]:
        """All lines so far."""
        return list(self._lines)

    @property
    def logged(self) -> list[str]:
        """The functions' log lines so far."""
        return [line for line in self._lines if line.startswith("{")]

    @property
    def said(self) -> str:
        """All that it printed so far, but for the functions' log lines."""
        return "".join(line for line in self._lines if not line.startswith("{"))

    def wait_until_up(self) -> None:
        self._is_up.wait()
        assert "READY" in self.said, self.said

    def interrupt(self) -> int:
        """Do what Ctrl-C does, and wait for the end."""
        self._process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        code = self._process.wait(timeout=60)
        self._reader.join()
        return code

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self._lines.append(line)
                if line.startswith("Ctrl-C"):
                    self._is_up.set()
        self._is_up.set()


@dataclass(frozen=True)
class Server:
    """A local server that is ready."""

    process: Process
    url: str

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, timeout=30, **more)

    def request_unchanged(self, method: str, path: str) -> bytes:
        """Ask for a path that HTTP clients would make tidy. Answers all that came, status line first."""
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        with socket.create_connection((parts.hostname, parts.port or 80)) as connection:
            connection.sendall(
                f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
            )
            return b"".join(iter(lambda: connection.recv(4096), b""))

    def post(self, path: str, body: object) -> httpx.Response:
        return self.request("POST", path, json=body)

    def log_in(self) -> dict[str, Any]:
        answer = self.post("/auth/login", {"email": demo.EMAIL, "password": demo.PASSWORD})
        assert answer.status_code == 200
        tokens: dict[str, Any] = answer.json()
        return tokens

    def me(self, access_token: str) -> httpx.Response:
        return self.get("/auth/me", access_token)

    def get(self, path: str, access_token: str) -> httpx.Response:
        return self.request("GET", path, headers={"Authorization": f"Bearer {access_token}"})

    def advance(self, seconds: int) -> None:
        assert self.post("/_dev/clock", {"advance_seconds": seconds}).status_code == 200


@contextmanager
def running(*arguments: str, **variables: str) -> Iterator[Server]:
    process = Process(*arguments, **variables)
    try:
        process.wait_until_up()
        found = re.search(r"^READY (https?://\S+)$", process.said, re.MULTILINE)
        assert found is not None
        yield Server(process, found[1])
    finally:
        process.interrupt()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as server:
        yield server
