"""The documentation points at things that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


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


def slug(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lstrip("# ").lower()).replace(" ", "-")
