"""The documentation points at things that exist."""

import dataclasses
import re
from pathlib import Path

import pytest

from sallyport import settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
    *ROOT.glob("examples/**/*.md"),
    *ROOT.glob("tests/vectors/*.md"),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", document.read_text())

    for link in links:
        target, _, anchor = link.partition("#")
        path = document if not target else document.parent / target
        assert path.exists(), link
        if anchor and path.is_file():
            headings = {slug(line) for line in path.read_text().splitlines() if line.startswith("#")}
            assert anchor in headings, link


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| (`[A-Z_`, ]+`) \| ([^|]+) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))
    documented = {name.strip("` "): default.strip("` ") for names, default in rows.items() for name in names.split(",")}
    groups = [group for group in vars(settings).values() if dataclasses.is_dataclass(group)]
    fields = {field.name.upper(): field.metadata["default"] for group in groups for field in dataclasses.fields(group)}

    assert documented.keys() == fields.keys()
    assert all(documented[name] == default for name, default in fields.items() if default)


ATTACKS = [*(f"J{number:02}" for number in range(1, 31)), *(f"E{number:02}" for number in range(1, 15))]


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
    return re.sub(r"[^a-z0-9 -]", "", heading.lstrip("# ").lower()).replace(" ", "-")
