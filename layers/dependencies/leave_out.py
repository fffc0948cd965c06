"""Leave out of the layer what no function uses, and what every function that writes would load.

usage: python leave_out.py packages service...

`packages` is the folder that botocore and urllib3 were installed into. Of botocore's services the named ones stay.
Whatever calls them stays as it was (tests/unit/test_left_out.py); docs/performance.md says what it saves.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

INSTEAD = Path(__file__).parent / "instead"
"""Modules that take the place of those that others import and use nothing of, or only a name."""

_PREFIXES = {"sesv2": "email"}
"""A service goes by the prefix of its endpoint in endpoints.json, which is another word for SES."""


def leave_out(packages: Path, services: list[str]) -> None:
    """Cut the packages down. Raises FileNotFoundError if a module that is replaced is not where it was."""
    data = packages / "botocore/data"
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in services:
            shutil.rmtree(folder)
    endpoints = data / "endpoints.json"
    _write(endpoints, _of_services(json.loads(endpoints.read_bytes()), services))
    for service in services:
        for model in (data / service).glob("*/service-2.json.gz"):
            _write(model.with_suffix(""), _undocumented(json.loads(gzip.decompress(model.read_bytes()))))
            model.unlink()
    for module in INSTEAD.rglob("*.py"):
        shutil.copyfile(module, (packages / module.relative_to(INSTEAD)).resolve(strict=True))


def _of_services(endpoints: Any, services: list[str]) -> Any:
    """Return endpoints.json, which is read whole before the first client is made, without 400 other services."""
    prefixes = {_PREFIXES.get(service, service) for service in services}
    for partition in endpoints["partitions"]:
        partition["services"] = {name: told for name, told in partition["services"].items() if name in prefixes}
    return endpoints


def _undocumented(model: Any) -> Any:
    """Return a service's model without its documentation, which is text: a member may have that name, too."""
    if isinstance(model, dict):
        return {
            name: _undocumented(part)
            for name, part in model.items()
            if not (name == "documentation" and isinstance(part, str))
        }
    return [_undocumented(part) for part in model] if isinstance(model, list) else model


def _write(file: Path, data: Any) -> None:
    file.write_text(json.dumps(data, separators=(",", ":")))


if __name__ == "__main__":
    leave_out(Path(sys.argv[1]), sys.argv[2:])
