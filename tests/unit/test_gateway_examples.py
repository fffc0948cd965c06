"""The configurations of examples/gateways. tests/e2e/test_gateways.py runs them."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples/gateways"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())


def test_there_is_one_for_each_gateway() -> None:
    assert {path.parent.name for path in FILES} == {"nginx", "caddy", "haproxy", "traefik", "envoy"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_configuration_says_at_its_top_with_what_it_was_run(file: Path) -> None:
    top = file.read_text().splitlines()[:6]

    assert len([line for line in top if line.startswith("# Run: ")]) == 1
