"""tests/README.md names every folder of tests, and says the truth about what `make test` leaves out; its language."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
README = (TESTS / "README.md").read_text()
MAKEFILE = (TESTS.parent / "Makefile").read_text()

FOLDERS = sorted(
    path.name for path in TESTS.iterdir() if path.is_dir() and path.name != "__pycache__" and any(path.glob("*.*"))
)
OF_TESTS = [name for name in FOLDERS if any((TESTS / name).glob("test_*.py"))]


def named_under(heading: str) -> set[str]:
    """Return the folders that begin a row of the table under a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.+?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"^\| `(\w+)/` \|", section, re.MULTILINE))


def quick_folders() -> set[str]:
    (names,) = re.findall(r"^QUICK := (.+)$", MAKEFILE, re.MULTILINE)
    return set(names.split())


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_is_named_in_the_readme(folder: str) -> None:
    assert f"`{folder}/`" in README


def test_the_first_table_is_what_make_test_runs_and_the_second_what_only_make_check_runs() -> None:
    quick = quick_folders()

    assert named_under("What `make test` runs") == quick
    assert named_under("What only `make check` runs") == set(OF_TESTS) - quick
    assert quick <= set(OF_TESTS)


@pytest.mark.parametrize("folder", OF_TESTS)
def test_a_marked_test_is_told_of_in_the_readme(folder: str) -> None:
    others = [path for path in (TESTS / folder).glob("*.py") if path != Path(__file__)]

    is_marked = any("only_in_check" in path.read_text() for path in others)

    assert is_marked == (folder in named_under("What `make test` leaves out of its folders"))


def test_nobody_in_the_tests_is_a_he() -> None:
    """A user is "the user", then "they": in names, docstrings and comments, too."""
    pronoun = re.compile(r"(?<![A-Za-z])(?:he|him|his|himself)(?![A-Za-z])", re.IGNORECASE)
    saying_so = {Path(__file__), Path(__file__).with_name("test_documentation.py")}
    files = [path for path in TESTS.rglob("*.py") if path not in saying_so and "node_modules" not in path.parts]

    assert [path.name for path in files if pronoun.search(path.read_text())] == []
