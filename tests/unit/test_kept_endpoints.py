"""What the layer leaves of botocore's endpoints.json sends every call where the whole file would."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader
from botocore.session import Session

from dev.sam.template import ROOT

WHOLE = Path(botocore.__file__).parent / "data/endpoints.json"
SCRIPT = ROOT / "layers/dependencies/keep_endpoints.py"
REGIONS = ["us-east-1", "us-west-2", "eu-central-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1"]


def services() -> list[str]:
    """Return what the layer's Makefile keeps."""
    (found,) = re.findall(r"^SERVICES = (.+)$", (SCRIPT.parent / "Makefile").read_text(), re.MULTILINE)
    return str(found).split()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "endpoints.json"
    file.write_bytes(WHOLE.read_bytes())
    subprocess.run([sys.executable, SCRIPT, file, *services()], check=True)
    return file


def clients(region: str, data: Path) -> dict[str, tuple[str, str, str]]:
    """Return where a session sends its calls that finds endpoints.json in a folder."""
    loader = Loader(extra_search_paths=[str(data.parent)])  # not the one that all tests share
    assert loader.load_data("endpoints") == json.loads(data.read_text())
    session = Session()
    session.register_component("data_loader", loader)
    made: dict[str, Any] = {service: session.create_client(service, region_name=region) for service in services()}
    return {
        service: (client.meta.endpoint_url, client._request_signer.signing_name, client._request_signer.region_name)
        for service, client in made.items()
    }


@pytest.mark.parametrize("region", REGIONS)
def test_each_service_is_where_the_whole_file_has_it(small: Path, region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")

    assert clients(region, small) == clients(region, WHOLE)


def test_little_is_left(small: Path) -> None:
    assert small.stat().st_size < WHOLE.stat().st_size / 20
    assert {name for part in json.loads(small.read_text())["partitions"] for name in part["services"]} == {
        "dynamodb",
        "email",
        "kms",
        "sqs",
    }
