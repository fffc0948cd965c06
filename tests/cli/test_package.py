"""What `pipx install .` gets: the command with all that it needs, and nothing that no lock file pins."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.only_in_check

ROOT = Path(__file__).parent.parent.parent


def named_in(path: str) -> set[str]:
    lines = (ROOT / path).read_text().splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-r"))}


def test_a_wheel_asks_for_what_the_functions_and_the_command_use() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = {"boto3", "click", "rich"}

    asked = {re.sub(r"^(click)>=.*", r"\1", each) for each in project["dependencies"]}

    assert asked == named_in("layers/dependencies/requirements.in") | own
    assert own <= named_in("requirements/dev.in")


COMMAND = Path(sys.executable).parent / "sallyport"


@pytest.mark.parametrize("words", ["--help", "user --help", "--version"])
@pytest.mark.parametrize(
    ("where", "why"),
    [
        (">/dev/full", "standard output cannot be written to: No space left on device"),
        (">&-", "standard output is closed"),
    ],
)
def test_what_cannot_be_shown_is_one_line_and_no_stack_trace(where: str, why: str, words: str) -> None:
    script = f"{COMMAND} {words} {where}"

    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.returncode, ran.stderr) == (1, f"Error: {why}\n")


def test_a_reader_that_has_gone_is_one_line_and_no_stack_trace() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    ran = subprocess.run(
        [COMMAND, "--help"], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )

    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, "Error: standard output cannot be written to: Broken pipe\n")


def test_a_closed_standard_input_is_one_line() -> None:
    script = f"{COMMAND} user create ann@example.com <&-"

    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "This is no terminal" in ran.stderr
