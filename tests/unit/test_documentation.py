"""The documentation points at things that exist."""

import dataclasses
import re
from pathlib import Path

import pytest

from sallyport import gateway_settings, settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("examples/**/*.md"),
    *ROOT.glob("tests/*.md"),
    *ROOT.glob("tests/vectors/*.md"),
]
PAGES = [ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *ROOT.glob("docs/**/*.md")]


def name(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", prose(document))

    for link in links:
        target, _, anchor = link.partition("#")
        path = document if not target else document.parent / target
        assert path.exists(), link
        if anchor:
            assert anchor in anchors(path), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_every_link_by_reference_has_its_address(document: Path) -> None:
    text = prose(document)
    used = set(re.findall(r"\]\[([^\]]+)\]", text))
    defined = set(re.findall(r"^\[([^\]]+)\]: \S+$", text, re.MULTILINE))

    assert used == defined


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_page_says_in_its_first_lines_for_whom_it_is(page: Path) -> None:
    title, nothing, first, *_ = page.read_text().splitlines()

    assert title.startswith("# ")
    assert not nothing
    assert first.startswith("For ")


def test_the_indexes_list_every_page() -> None:
    indexes = [ROOT / "docs/README.md", ROOT / "docs/decisions/README.md"]

    listed = {
        (index.parent / target).resolve()
        for index in indexes
        for target in re.findall(r"\]\(([^)#]+)\)", index.read_text())
    }

    assert set(PAGES) - listed <= {indexes[0]}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_nobody_is_taken_for_a_man(document: Path) -> None:
    assert not re.findall(r"\b(?:he|him|his|himself)\b", document.read_text(), re.IGNORECASE)


def prose(document: Path) -> str:
    """Return the text of a page without its code, in which `](` begins no link."""
    return re.sub(r"`[^`\n]+`", "", without_blocks(document))


def without_blocks(document: Path) -> str:
    return re.sub(r"^ *```.*?^ *```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    return {slug(line) for line in without_blocks(page).splitlines() if line.startswith("#")}


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| (`[A-Z_`, ]+`) \| ([^|]+) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    documented = {name.strip("` "): default.strip("` ") for names, default in rows.items() for name in names.split(",")}
    named = {**vars(settings), **vars(gateway_settings)}
    groups = [group for group in named.values() if dataclasses.is_dataclass(group)]
    fields = {field.name.upper(): field.metadata["default"] for group in groups for field in dataclasses.fields(group)}

    assert documented.keys() == fields.keys()
    assert all(documented[name] == default for name, default in fields.items() if default)


ATTACKS = [
    *(f"J{number:02}" for number in range(1, 31)),
    *(f"E{number:02}" for number in range(1, 15)),
    *(f"O{number:02}" for number in [1, 2, 6]),
    *(f"L{number:02}" for number in range(1, 32)),
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_names_its_tests_or_says_why_there_are_none(attack: str) -> None:
    rows = re.findall(r"^\| ([^|]+) \| (.+) \|$", (ROOT / "docs/attacks.md").read_text(), re.MULTILINE)

    (told, *_) = [row for numbers, row in rows if attack in numbers_in(numbers)]
    assert any(reason in told for reason in ("](../tests/", "the same", "needs a deployed stage"))


def numbers_in(column: str) -> list[str]:
    """Read "J01", "J06, J07" and "J20 to J23"."""
    first, _, last = column.partition(" to ")
    if not last:
        return column.split(", ")
    return [f"{first[0]}{number:02}" for number in range(int(first[1:]), int(last[1:]) + 1)]


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9 _-]", "", heading.lstrip("# ").lower()).replace(" ", "-")
