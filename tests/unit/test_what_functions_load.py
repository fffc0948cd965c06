"""What a new execution environment of each function loads before its first request, which waits for every package."""

import json
import subprocess
import sys

import pytest

from dev.aws.cloud import Cloud
from dev.sam import stack
from dev.sam.template import ROOT, FunctionSpec

EVERYWHERE = {"aws_lambda_powertools", "jmespath", "typing_extensions"}
WRITES = {"botocore", "certifi", "dateutil", "jmespath", "six", "urllib3"}  # botocore, and what it imports
VERIFIES = {"cryptography"}
SIGNS = {*VERIFIES, "jwt"}
HASHES = {"argon2"}
READS_ADDRESSES = {"email_validator", "idna"}

LOADS: dict[str, set[str]] = {
    "account": HASHES,
    "authorizer": VERIFIES,
    "login": WRITES | SIGNS | HASHES | READS_ADDRESSES,
    "logout": WRITES | SIGNS,
    "mailer": {*WRITES, *HASHES, "jinja2", "markupsafe"},
    "password": WRITES | SIGNS | HASHES | READS_ADDRESSES,
    "refresh": WRITES | SIGNS,
    "register": WRITES | SIGNS | HASHES | READS_ADDRESSES,
    "rotate_keys": WRITES | SIGNS,
    "setup": WRITES | SIGNS | HASHES | {"tenacity"},
    "verify": VERIFIES,
    "wellknown": VERIFIES,
}

# Powertools imports the empty package `botocore`. Its modules are what takes time.
_PRINT_PACKAGES = """
import json, sys
import sallyport.wiring.{function}
sallyport.wiring.{function}.build(json.loads(sys.argv[1]))
loaded = {{name.partition(".")[0] for name in sys.modules if name != "botocore"}}
print(*loaded - {{"__main__", "sallyport", *sys.stdlib_module_names}})
"""


@pytest.fixture(scope="module")
def specs(cloud: Cloud) -> dict[str, FunctionSpec]:
    """Return every function of the template by the name of its folder."""
    described = stack.read(table_name="table", kms_key_id="key", mail_queue_url="https://queue")
    return {spec.folder.name: spec for spec in described.functions.values()}


@pytest.mark.parametrize("function", sorted(path.name for path in (ROOT / "functions").iterdir()))
def test_a_function_loads_the_packages_that_it_uses_and_no_other(function: str, specs: dict[str, FunctionSpec]) -> None:
    told = json.dumps(dict(specs[function].environment))
    program = _PRINT_PACKAGES.format(function=function)

    printed = subprocess.run(
        [sys.executable, "-c", program, told],
        check=True,
        capture_output=True,
        text=True,
        env={"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
    )

    packages = {name for name in printed.stdout.split() if not name.startswith("_")}
    assert packages <= EVERYWHERE | LOADS[function]
    assert packages >= LOADS[function]
