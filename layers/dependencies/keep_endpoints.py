"""Leave in botocore's endpoints.json only what describes the services that the layer keeps.

usage: python keep_endpoints.py endpoints.json service...

It describes 400 services, and is read whole before the first client is made. A service goes by the prefix of its
endpoint there, which is another word for SES.
"""

import json
import sys
from pathlib import Path
from typing import Any

_PREFIXES = {"sesv2": "email"}


def kept(endpoints: Any, services: list[str]) -> Any:
    """Return endpoints.json without all other services."""
    prefixes = {_PREFIXES.get(service, service) for service in services}
    for partition in endpoints["partitions"]:
        partition["services"] = {name: told for name, told in partition["services"].items() if name in prefixes}
    return endpoints


def main(file: Path, services: list[str]) -> None:
    file.write_text(json.dumps(kept(json.loads(file.read_text()), services), separators=(",", ":")))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
