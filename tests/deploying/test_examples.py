"""`sam build && sam deploy` in the folder of an example: a stack of its own, not the one that logs users in."""

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.sam.template import ROOT
from tests.deploying.standin import account

SAM = ROOT / ".venv-sam/bin/sam"
EXAMPLES = sorted(template.parent for template in ROOT.glob("examples/*/template.yaml"))

every_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda folder: folder.name)


def configured(folder: Path, environment: str = "default") -> dict[str, Any]:
    parameters: dict[str, Any] = tomllib.loads((folder / "samconfig.toml").read_text())[environment]
    return {**parameters["global"]["parameters"], **parameters["deploy"]["parameters"]}


def test_every_example_has_a_stack_name_of_its_own_that_no_sallyport_stack_has() -> None:
    ours = [configured(ROOT, environment)["stack_name"] for environment in ("default", "dev", "staging", "prod")]
    names = [configured(example)["stack_name"] for example in EXAMPLES]

    assert len({*ours, *names}) == len(ours) + len(names)


def has_python_to_build() -> bool:
    """Say whether `sam build` finds Python 3.13. An inactive shim of pyenv is no Python."""
    found = shutil.which("python3.13")
    return found is not None and subprocess.run([found, "--version"], check=False, capture_output=True).returncode == 0


@every_example
def test_an_example_names_sallyports_stack_by_a_parameter_that_its_template_has(example: Path) -> None:
    declared = yaml_parse((example / "template.yaml").read_text())["Parameters"]
    given = dict(pair.split("=") for pair in configured(example)["parameter_overrides"])

    assert given == {"SallyportStack": configured(ROOT)["stack_name"]}
    assert given.keys() <= declared.keys()
    assert configured(example)["capabilities"] == "CAPABILITY_IAM"
    assert configured(example)["resolve_s3"] is True


@pytest.mark.skipif(not SAM.exists(), reason="sam is not installed: run `make check`")
@pytest.mark.parametrize("example", [ROOT / "examples/protected_http"], ids=lambda folder: folder.name)
def test_plain_sam_in_the_folder_builds_and_deploys_the_example(example: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(example, tmp_path / "example", ignore=shutil.ignore_patterns(".aws-sam"))
    commands = ["build", "deploy"] if has_python_to_build() else ["deploy"]

    with account() as standing_in:
        for command in commands:
            ended = subprocess.run(
                [SAM, command],
                check=False,
                cwd=folder,
                env=standing_in.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=120,
            )
            assert ended.returncode == 0, ended.stderr

    assert standing_in.deployed == {configured(example)["stack_name"]: [{"SallyportStack": "sallyport"}]}
