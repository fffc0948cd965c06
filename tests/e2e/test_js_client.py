"""The reference client for browsers and Node, against a live server, by Node's own test runner."""

import os
import shutil
import subprocess

import pytest

from tests.e2e.conftest import ROOT, running


def test_the_reference_client_passes_its_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    with running(REVOCATION_MODE="strict") as server:
        ran = subprocess.run(
            [node, "--test", "--test-reporter=spec", "clients/js/sallyport.test.js"],
            cwd=ROOT, env={**os.environ, "SALLYPORT_URL": server.url}, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip

    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr


def test_it_is_one_file_of_less_than_350_lines_without_dependencies() -> None:
    source = (ROOT / "clients/js/sallyport.js").read_text()

    assert len(source.splitlines()) < 350
    assert "import " not in source
