"""What `pipx install .` gets: the command with all that it needs, and nothing that no lock file pins."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def named_in(path: str) -> set[str]:
    lines = (ROOT / path).read_text().splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-r"))}


def test_a_wheel_asks_for_what_the_functions_and_the_command_use() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    own = {"click", "rich"}

    asked = {re.sub(r"^(click)>=.*", r"\1", each) for each in project["dependencies"]}

    assert asked == named_in("layers/dependencies/requirements.in") | own
    assert own <= named_in("requirements/dev.in")


def test_a_reader_that_stops_reading_gets_no_stack_trace() -> None:
    command = subprocess.Popen(
        [Path(sys.executable).parent / "sallyport", "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.close()

    with command.stderr as errors:
        assert errors.read() == b""
    assert command.wait(timeout=60) in (0, 1)
