"""docs/threat-model.md and docs/asvs.md name tests that exist, and leave out no requirement of the standard."""

import re
from collections import Counter
from pathlib import Path

import pytest

from sallyport.accounts.guesses import MOST_FAILURES, seconds_to_wait
from tests.support.builders import DAY

ROOT = Path(__file__).parent.parent.parent
THREAT_MODEL = ROOT / "docs/threat-model.md"
ASVS = ROOT / "docs/asvs.md"

# OWASP ASVS 5.0.0: of each section of a chapter, the levels of its requirements in their order. Those of level 3 come
# last in every section and are left out. V6.7 has no others.
LEVELS = {
    "V6": ["122", "111111112222", "1122", "1122", "22222", "222", "", "2222"],
    "V7": ["222", "1111", "22", "11222", "22", "22"],
    "V9": ["111", "1222"],
    "V10": ["22", "22", "2222", "11111222222", "22222", "22", "222"],
}
STATES = {"met", "yours", "not met", "does not apply"}


@pytest.mark.parametrize("page", [THREAT_MODEL, ASVS], ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_in_the_file_that_it_links_to(page: Path) -> None:
    named = named_in(page.read_text(), page)

    assert len(named) > 50
    assert [(file.name, name) for name, file in named if not is_there(name, file)] == []


def test_every_threat_names_a_test_or_says_why_there_is_none() -> None:
    tables = [table for table in tables_of(THREAT_MODEL) if table[0][-1] == "shown by"]

    assert len(tables) > 5
    for table in tables:
        for row in table[1:]:
            assert named_in(row[-1], THREAT_MODEL) or row[-1].startswith("no test: "), row[0]


def test_every_requirement_of_levels_1_and_2_stands_once_and_in_order() -> None:
    wanted = [
        (f"{chapter}.{section}.{number}", level)
        for chapter, sections in LEVELS.items()
        for section, levels in enumerate(sections, start=1)
        for number, level in enumerate(levels, start=1)
    ]

    assert [(number, level) for number, level, *_ in requirements()] == wanted


def test_a_requirement_is_met_by_something_that_can_be_looked_at_and_else_has_a_reason() -> None:
    for number, _, _, state, shown in requirements():
        assert state in STATES, number
        assert "](" in shown if state == "met" else shown, number


def test_the_page_counts_its_states() -> None:
    told = {row[0]: int(row[1]) for table in tables_of(ASVS) if table[0][0] == "state" for row in table[1:]}

    assert told == Counter(state for _, _, _, state, _ in requirements())


def test_the_page_says_how_often_strangers_may_guess_at_an_account() -> None:
    told = dict(row[:2] for table in tables_of(THREAT_MODEL) if "guesses" in table[0][1] for row in table[1:])
    most, seconds = guesses_within(10 * DAY)
    in_an_hour, _ = guesses_within(3600)

    assert told["nobody"].startswith(f"{most} within {seconds / 3600:.1f} hours, ")
    assert told["its owner once a day, on devices without a device token"] == f"{guesses_within(DAY)[0]} a day"
    assert told["a program that logs in every hour without a device token"] == f"{in_an_hour} an hour"


def guesses_within(seconds: int) -> tuple[int, int]:
    """Return how many guesses fit into so many seconds after a counter was cleared, and the second of the last."""
    failures, now = 0, 0
    while failures < MOST_FAILURES and now + seconds_to_wait(failures) <= seconds:
        now += seconds_to_wait(failures)
        failures += 1
    return failures, now


def requirements() -> list[list[str]]:
    """Return no., level, what is asked for, state, and what shows it, of every row about a requirement."""
    rows = [row for table in tables_of(ASVS) if table[0][0] == "no." for row in table[1:]]
    return [[number, level, asked, state.strip("*"), shown] for number, level, asked, state, shown in rows]


def tables_of(page: Path) -> list[list[list[str]]]:
    """Return the tables of a page as rows of cells, the heads first and the lines below them left out."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", page.read_text(), re.MULTILINE)
    tables = [[cells(line) for line in block.splitlines()] for block in blocks]
    return [[head, *rows] for head, _, *rows in tables]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def named_in(text: str, page: Path) -> list[tuple[str, Path]]:
    """Return the text and the file of each link to a file of tests, but for links to this one."""
    links = re.findall(r"\[([^\]]+)\]\((\.\./[^)#]+\.(?:py|mjs|js))\)", text)
    files = [(" ".join(name.split()), (page.parent / file).resolve()) for name, file in links]
    return [(name, file) for name, file in files if is_of_tests(file) and file != Path(__file__).resolve()]


def is_of_tests(file: Path) -> bool:
    return file.name.startswith("test_") or ".test." in file.name


def is_there(name: str, file: Path) -> bool:
    """Tell whether a file has a test of this name, which in Python is written with underscores."""
    text = file.read_text()
    if file.suffix == ".py":
        return f"def test_{name.replace(' ', '_')}(" in text
    return f'test("{name}"' in text
