"""What a new execution environment of each function imports: its user waits for every package."""

import subprocess
import sys

import pytest

from dev.sam.template import ROOT

EVERYWHERE = {
    *("botocore", "certifi", "dateutil", "jmespath", "six", "urllib3"),  # botocore, and what it imports
    *("aws_lambda_powertools", "typing_extensions"),
    "tenacity",
}
VERIFIES = {"cryptography"}
SIGNS = {*VERIFIES, "jwt"}
HASHES = {"argon2"}
READS_ADDRESSES = {"email_validator", "idna"}

LOADS: dict[str, set[str]] = {
    "account": HASHES,
    "authorizer": VERIFIES,
    "login": SIGNS | HASHES | READS_ADDRESSES,
    "logout": SIGNS,
    "mailer": {*HASHES, "jinja2", "markupsafe"},
    "password": SIGNS | HASHES | READS_ADDRESSES,
    "refresh": SIGNS,
    "register": SIGNS | HASHES | READS_ADDRESSES,
    "rotate_keys": SIGNS,
    "setup": SIGNS | HASHES,
    "verify": VERIFIES,
    "wellknown": VERIFIES,
}

_PRINT_PACKAGES = """
import sys
import sallyport.wiring.{function}
print(*{{name.partition(".")[0] for name in sys.modules}} - {{"__main__", "sallyport", *sys.stdlib_module_names}})
"""


@pytest.mark.parametrize("function", sorted(path.name for path in (ROOT / "functions").iterdir()))
def test_a_function_loads_the_packages_that_it_uses_and_no_other(function: str) -> None:
    program = _PRINT_PACKAGES.format(function=function)

    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    packages = {name for name in printed.stdout.split() if not name.startswith("_")}
    assert packages <= EVERYWHERE | LOADS[function]
    assert packages >= LOADS[function]
