"""The lines that `make dev` prints, and those of the README, print what the pages show."""

import json
import re
import shutil
import subprocess

import pytest

from tests.e2e.conftest import ROOT, Server, running


def printed_lines(server: Server) -> str:
    found = re.search(r"^URL=.*?(?=^Ctrl-C)", server.process.said, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[0].strip()


def blocks(page: str, heading: str) -> list[str]:
    """Return the code blocks under a heading of a page, in order."""
    _, _, section = f"{(ROOT / page).read_text()}\n## ".partition(f"\n## {heading}\n")
    found = re.findall(r"^```\w+\n(.*?)^```", section.partition("\n## ")[0], re.DOTALL | re.MULTILINE)
    assert found, heading
    return [block.strip() for block in found]


def paste(lines: str) -> str:
    """Run lines in a shell that was just opened, and return what they print."""
    pasted = subprocess.run(["bash"], input=lines, capture_output=True, text=True, timeout=60, check=True)
    assert pasted.stderr == ""
    return pasted.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_lines_pasted_into_a_shell_print_what_the_walkthrough_shows(server: Server) -> None:
    _, shown = blocks("docs/walkthrough.md", "Paste these lines")

    assert without_what_differs(paste(printed_lines(server))) == without_what_differs(shown)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize(("mode", "refusal"), [("strict", '{"message":"Forbidden"}'), ("stateless", "invalid_token")])
def test_in_every_mode_the_printed_lines_say_what_then_happens(mode: str, refusal: str) -> None:
    with running(REVOCATION_MODE=mode) as server:
        _, _, replay = paste(printed_lines(server)).partition("\nReplay the first refresh token, late: ")

    replayed, _, logged_out = replay.partition("\nLog in again, log out, and be refused ")
    told, _, me, refreshed = replayed.splitlines()
    said, status, me_again, refresh_again = logged_out.strip().splitlines()
    assert told == "the session is revoked, its newest tokens included"
    assert said.endswith("promises") if mode == "strict" else said.startswith("by /auth/me, which reads the session")
    assert status == "204"
    assert refusal in me
    assert refusal in me_again
    assert "invalid_grant" in refreshed
    assert "invalid_grant" in refresh_again


def test_the_walkthrough_shows_the_lines_that_are_printed(server: Server) -> None:
    lines, _ = blocks("docs/walkthrough.md", "Paste these lines")

    assert lines.replace("http://127.0.0.1:8787", server.url) == printed_lines(server)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_login_and_the_call_of_the_readme_print_what_it_shows(server: Server) -> None:
    _, lines, shown = blocks("README.md", "Try it")

    printed = paste(lines.replace("http://127.0.0.1:8787", server.url))

    assert json.loads(without_what_differs(printed)) == json.loads(without_what_differs(shown))


def without_what_differs(text: str) -> str:
    text = re.sub(r'"(sub|request_id)": "[^"]+"', r'"\1": "..."', text)
    return re.sub(r'"created_at": [0-9]+', '"created_at": 0', text).strip()
