"""The layer's botocore and urllib3 lack what no function uses. Clients made of them call as clients of the whole do."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import pytest
import urllib3

from dev.sam.template import ROOT
from tests.support import botocores_calls

DEPENDENCIES = ROOT / "layers/dependencies"
REGIONS = ["us-east-1", "us-west-2", "eu-central-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1"]


def services() -> list[str]:
    """Return what the layer's Makefile keeps."""
    (found,) = re.findall(r"^SERVICES = (.+)$", (DEPENDENCIES / "Makefile").read_text(), re.MULTILINE)
    return str(found).split()


def leave_out(packages: Path) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, str(DEPENDENCIES / "leave_out.py"), str(packages), *services()]
    return subprocess.run(program, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def cut_down(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packages = tmp_path_factory.mktemp("packages")
    whole = Path(botocore.__file__).parent
    others = {folder.name for folder in (whole / "data").iterdir() if folder.is_dir()} - {*services(), "s3"}
    shutil.copytree(whole, packages / "botocore", ignore=shutil.ignore_patterns("__pycache__", *others))
    shutil.copytree(Path(urllib3.__file__).parent, packages / "urllib3", ignore=shutil.ignore_patterns("__pycache__"))
    assert leave_out(packages).returncode == 0
    return packages


def done_by(*packages: Path) -> Any:
    """Let clients of the packages in these folders, or of the whole ones, make calls, and return what they did."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_MAX_ATTEMPTS": "1",
        "PYTHONHASHSEED": "0",  # botocore names what it uses in the order of a set
        "PYTHONPATH": os.pathsep.join(map(str, packages)),
    }
    program = [sys.executable, "-P", botocores_calls.__file__, *REGIONS]
    return json.loads(subprocess.run(program, env=environment, check=True, capture_output=True).stdout)


def test_clients_of_it_call_as_clients_of_the_whole_do(cut_down: Path) -> None:
    ours, whole = done_by(cut_down), done_by()

    assert ours["calls"] == whole["calls"]
    assert len(ours["calls"]) == len(REGIONS) * len(botocores_calls.CALLS) * len(botocores_calls.ANSWERS)
    for unused in ("html.parser", "importlib.metadata"):
        assert unused in whole["modules"]
        assert unused not in ours["modules"]


def test_little_is_left(cut_down: Path) -> None:
    data = cut_down / "botocore/data"
    endpoints = json.loads((data / "endpoints.json").read_text())

    assert {folder.name for folder in data.iterdir() if folder.is_dir()} == {*services()}
    assert not list(data.glob("*/*/service-2.json.gz"))
    assert sum(model.stat().st_size for model in data.glob("*/*/service-2.json")) < 400_000
    assert {name for part in endpoints["partitions"] for name in part["services"]} == {
        "dynamodb",
        "email",
        "kms",
        "sqs",
    }


def test_packages_that_are_no_longer_as_they_were_stop_the_build(cut_down: Path, tmp_path: Path) -> None:
    moved = tmp_path / "packages"
    shutil.copytree(cut_down, moved)
    (moved / "urllib3/http2/__init__.py").unlink()

    stopped = leave_out(moved)

    assert stopped.returncode == 1
    assert "FileNotFoundError" in stopped.stderr
    assert "urllib3/http2" in stopped.stderr
