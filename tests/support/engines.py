"""Real DynamoDB engines for the tests."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import answers, free_ports

DYNOXIDE = Path(__file__).parents[1] / "node/node_modules/@dynoxide/linux-x64/dynoxide"


@contextmanager
def dynoxide(*arguments: str) -> Iterator[str]:
    """Run dynoxide, a DynamoDB engine on SQLite, in memory; yields its URL. Skips the test where there is none.

    `arguments` are for its command line, before the address.
    """
    if not DYNOXIDE.exists():
        pytest.skip("dynoxide is not installed: it comes from npm, and only for linux-x64")
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [DYNOXIDE, *arguments, "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not answers(port):
            assert process.poll() is None, "dynoxide ended before it listened"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
