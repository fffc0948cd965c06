"""The documentation points at things that exist."""

import dataclasses
import re
from pathlib import Path

import pytest

from sallyport import settings

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")]


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


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lstrip("# ").lower()).replace(" ", "-")
