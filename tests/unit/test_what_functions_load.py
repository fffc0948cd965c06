"""What a new execution environment of each function loads before its first request, which waits for every package."""

import ast
import json
import os
import subprocess
import sys

import pytest

from dev.sam.template import ROOT
from sallyport.tokens import access
from tests.support.builders import a_token
from tests.support.tokens import access_key, made_access_key

WRITES = {"botocore", "certifi", "dateutil", "jmespath", "six", "urllib3"}  # botocore, and what it imports
LOGS = {"aws_lambda_powertools", "jmespath", "typing_extensions"}
VERIFIES = SIGNS = {"cryptography"}
MAKES_KEYS = {*SIGNS, "jwt"}
HASHES = {"argon2"}
READS_ADDRESSES = {"email_validator", "idna"}

LOADS: dict[str, set[str]] = {
    "account": LOGS | HASHES,
    "authorizer": VERIFIES,
    "login": WRITES | LOGS | SIGNS | HASHES | READS_ADDRESSES,
    "logout": WRITES | LOGS | SIGNS,
    "mailer": {*WRITES, *LOGS, *HASHES, "jinja2", "markupsafe"},
    "password": WRITES | LOGS | SIGNS | HASHES | READS_ADDRESSES,
    "refresh": WRITES | LOGS | SIGNS,
    "register": WRITES | LOGS | SIGNS | HASHES | READS_ADDRESSES,
    "rotate_keys": WRITES | LOGS | MAKES_KEYS,
    "setup": WRITES | LOGS | MAKES_KEYS | HASHES | {"tenacity"},
    "verify": VERIFIES,
    "wellknown": LOGS | VERIFIES,
}
"""When a function has been built: it then waits for its first request."""

IMPORT_INSPECT = {"aws_lambda_powertools", "argon2", "botocore", "jinja2", "jwt", "tenacity"}
"""Packages whose imports alone load half of a constant handler's cold start: `inspect`."""

_REQUIRED = ("TABLE_NAME", "KMS_KEY_ID", "MAIL_QUEUE_URL", "APP_URL", "MAIL_CONFIGURATION_SET")
_ENVIRON = {**dict.fromkeys(_REQUIRED, "https://example.com"), "MAIL_FROM": "a@example.com"}

# Powertools imports the empty package `botocore`. Its modules are what takes time.
_PRINT_MODULES = """
print(*{name.partition(".")[0] for name in sys.modules if name != "botocore"} - {"__main__", "sallyport"})
"""


def _loaded_by(program: str, *arguments: str) -> set[str]:
    """Return the top-level modules that a program has loaded. It finds the settings of every function in `environ`."""
    printed = subprocess.run(
        [sys.executable, "-c", f"import sys\nenviron = {_ENVIRON}\n{program}\n{_PRINT_MODULES}", *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "AWS_DEFAULT_REGION": "eu-central-1", "AWS_REGION": "eu-central-1"},
    )
    return {name for name in printed.stdout.splitlines()[-1].split() if not name.startswith("_")}


@pytest.mark.parametrize("function", sorted(path.name for path in (ROOT / "functions").iterdir()))
def test_a_function_loads_the_packages_that_it_uses_and_no_other(function: str) -> None:
    loaded = _loaded_by(f"from sallyport.wiring import {function}\nkept = {function}.build(environ)")

    packages = loaded - sys.stdlib_module_names
    assert packages == LOADS[function]
    assert "inspect" not in loaded or packages & IMPORT_INSPECT


_FIRST_ALLOW = """
from pathlib import Path
import json

from sallyport.aws.dynamodb.entries import Entries
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.keys.key import public_key
from sallyport.keys.public import PublicRing
from sallyport.wiring import {function}

jwk, token, event = (json.loads(each) for each in sys.argv[1:])
PublishedKeys.public_ring = lambda self: PublicRing("i", {{jwk["kid"]: public_key(jwk)}}, (jwk,))
Entries.since = lambda self, start_ms: []
environ |= {{"AUDIENCE": "a", "REVOCATION_MODE": "{mode}"}}
handler = {function}.build(environ, clock=lambda: {now} * 1000)
event["rawQueryString"] = ""
event["headers"]["authorization"] = "Bearer " + token
answer = handler(event, None)
assert answer.get("isAuthorized") or answer["statusCode"] == 204, answer
"""


@pytest.mark.parametrize(
    ("function", "mode", "event"),
    [
        ("authorizer", "bounded", "authorizer_allowed"),
        ("verify", "stateless", "verify_allowed"),  # the other modes read roles
    ],
)
def test_a_first_answer_that_allows_loads_nothing_more(function: str, mode: str, event: str) -> None:
    token = a_token()
    text = access.sign(token, access_key())
    program = _FIRST_ALLOW.format(function=function, mode=mode, now=token.iat)
    sample = (ROOT / f"events/{event}.json").read_text()

    loaded = _loaded_by(program, json.dumps(made_access_key().jwk), json.dumps(text), sample)

    assert loaded - sys.stdlib_module_names <= VERIFIES


def test_our_frozen_classes_are_those_of_values() -> None:
    """One import of `dataclasses` would load `inspect` again."""
    core = ROOT / "layers/core/sallyport"
    importing = {
        str(path.relative_to(core))
        for path in core.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == "dataclasses")
        or (isinstance(node, ast.Import) and any(alias.name == "dataclasses" for alias in node.names))
    }

    assert importing == {"values.py"}
