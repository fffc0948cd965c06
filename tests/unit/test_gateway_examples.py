"""The configurations of examples/gateways, as far as they can be read without running them (tests/e2e runs them)."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "examples/gateways"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
IDENTITY = ["X-Auth-Sub", "X-Auth-Sid", "X-Auth-Client", "X-Auth-Scope", "X-Auth-Roles"]


@pytest.fixture(scope="module")
def traefik() -> Any:
    return yaml.safe_load((FOLDER / "traefik/dynamic.yaml").read_text())["http"]


def test_there_is_one_for_each_gateway() -> None:
    assert {path.parent.name for path in FILES} == {"nginx", "caddy", "haproxy", "traefik", "envoy"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_configuration_says_at_its_top_whether_it_was_run(file: Path) -> None:
    top = file.read_text().splitlines()[:6]

    said = [line for line in top if line.startswith(("# Run:", "# Not run:"))]
    assert len(said) == 1
    assert said[0].startswith("# Not run:") == (file.parent.name == "traefik")


def test_traefik_asks_first_and_then_takes_the_secrets_away(traefik: Any) -> None:
    for router in traefik["routers"].values():
        ask, then = router["middlewares"]
        assert traefik["middlewares"][ask]["forwardAuth"]["authRequestHeaders"] == ["Authorization"]
        cleared = traefik["middlewares"][then]["headers"]["customRequestHeaders"]
        assert cleared == {"Authorization": "", "Cookie": ""}


@pytest.mark.parametrize("forged", [*IDENTITY, "X_auth_sub", "X-Auth_roles", "X_auth-Roles", "X-Auth-Admin"])
def test_traefik_removes_whatever_a_visitor_says_of_themselves(traefik: Any, forged: str) -> None:
    """It removes what the expression matches, then copies what matches from Sallyport's answer."""
    asking = [each["forwardAuth"] for each in traefik["middlewares"].values() if "forwardAuth" in each]

    assert len(asking) == 2
    assert all(re.search(each["authResponseHeadersRegex"], forged) for each in asking)
