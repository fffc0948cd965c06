"""The lines that `make dev` prints do what the README says."""

import re
import shutil
import subprocess

import pytest

from tests.e2e.conftest import ROOT, Server


def printed_lines(server: Server) -> str:
    found = re.search(r"^URL=.*?(?=^Ctrl-C)", server.process.said, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[0].strip()


def shown_in_the_readme(heading: str) -> str:
    readme = (ROOT / "README.md").read_text()
    return readme.split(heading)[1].split("```")[1].partition("\n")[2].strip()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_lines_pasted_into_a_shell_answer_what_the_readme_shows(server: Server) -> None:
    pasted = subprocess.run(
        ["bash"], input=printed_lines(server), capture_output=True, text=True, timeout=60, check=True
    )

    assert pasted.stderr == ""
    assert without_what_differs(pasted.stdout) == without_what_differs(shown_in_the_readme("they answer"))


def test_the_readme_shows_the_lines_that_are_printed(server: Server) -> None:
    assert shown_in_the_readme("paste").replace("http://127.0.0.1:8787", server.url) == printed_lines(server)


def without_what_differs(text: str) -> str:
    text = re.sub(r'"(sub|request_id)": "[^"]+"', r'"\1": "..."', text)
    return re.sub(r'"created_at": [0-9]+', '"created_at": 0', text).strip()
