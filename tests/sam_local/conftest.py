"""A running `make sam-local`: the real sam local, Docker and Lambda's own runtime client."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from dev.sam.template import ROOT
from dev.sam_local import containers
from dev.sam_local.__main__ import BUILT, SAM
from tests.support.ports import free_ports

_STARTED = re.compile(r"Running on http://127\.0\.0\.1:")


@pytest.fixture(autouse=True, scope="session")
def _sam_local_runs_here(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--sam-local"):
        pytest.skip("these take minutes and need Docker: run `make check-sam-local`")
    try:
        containers.reach()
    except containers.NoDockerError as error:
        pytest.skip(str(error))
    if not BUILT.exists() or not SAM.exists():
        pytest.skip("nothing is built: run `make check-sam-local`")


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dev.sam_local", *arguments]


@contextmanager
def serving(**variables: str) -> Iterator[str]:
    """Run `make sam-local` and yield its URL."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        command(),
        cwd=ROOT,
        env={**os.environ, "PORT": str(port), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that what Ctrl-C ends can be ended here
    )
    is_up = threading.Event()
    lines: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        with process.stdout as output:
            for line in output:
                lines.append(line)
                if _STARTED.search(line):
                    is_up.set()
        is_up.set()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        is_up.wait()
        assert process.poll() is None, "".join(lines)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
        reader.join()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="session")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        yield client
