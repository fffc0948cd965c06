"""Every `sallyport` command that a page shows is one that exists, with options that it has."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sallyport_cli.main import sallyport
from tests.cli.operating import run

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
CONCRETE = {"USER": "ann@example.com", "EMAIL": "ann@example.com", "SID": "A" * 22, "JTI": "A" * 22}


def shown() -> Iterator[tuple[str, list[str]]]:
    """Find the commands of all pages: the lines of code blocks, without prompts, pipes and what a shell fills in."""
    for document in DOCUMENTS:
        for block in re.findall(r"```(?:console|bash|text)\n(.*?)```", document.read_text(), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                found = re.match(r"(?:\$ )?(?:[^#]*\| )?(?:\.venv/bin/)?sallyport (.*)", line)
                if found:
                    line_of_words = re.sub(r"\$\(.*\)", "SID", found[1])
                    words = shlex.split(line_of_words.partition(" <")[0].partition(" | ")[0], comments=True)
                    yield f"{document.relative_to(ROOT)}: {line}", [CONCRETE.get(word, word) for word in words]


def in_the_table() -> list[str]:
    page = (ROOT / "docs/cli.md").read_text()
    return re.findall(r"^\| `((?:user|session|token|keys) [^`]+)`", page, re.MULTILINE)


@pytest.mark.usefixtures("nothing_is_done")
@pytest.mark.parametrize(("where", "words"), list(shown()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_command_that_a_page_shows_is_understood(where: str, words: list[str]) -> None:
    assert (run(*words).err, where) == ("Error: understood\n", where)


@pytest.mark.usefixtures("nothing_is_done")
def test_the_table_of_commands_names_them_all_and_their_arguments() -> None:
    listed = in_the_table()
    groups = {name: group for name, group in sallyport.commands.items() if isinstance(group, click.Group)}

    assert {" ".join(line.split()[:2]) for line in listed} == {
        f"{name} {each}" for name, group in groups.items() for each in group.commands
    }
    for line in listed:
        assert run(*[CONCRETE.get(word, word) for word in line.split()]).err == "Error: understood\n", line


def test_some_page_shows_commands() -> None:
    assert len(list(shown())) > 10
