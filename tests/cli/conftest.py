"""Two stacks as CloudFormation describes them: the deployed functions, and one for each test of keys."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

import click
import pytest

from dev.aws.cloud import LOCAL, Cloud, create_key, create_table
from dev.aws.deployment import Deployment
from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from sallyport_cli import command
from sallyport_cli.errors import Refused
from tests.cli.operating import describe_stack, lambda_answers
from tests.support.builders import DAY
from tests.support.endpoint import Endpoint, serving
from tests.support.stopped_time import MovableTime
from tests.support.stores import table_properties


@pytest.fixture(scope="session", autouse=True)
def described(deployment: Deployment) -> None:
    """Describe the deployed functions by the name that the command looks for first."""
    outputs = {
        "TableName": deployment.table_name,
        "RotateKeysName": "RotateKeys",
        "MailQueueUrl": deployment.mail.url,
    }
    describe_stack("sallyport", outputs)


@pytest.fixture
def nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a command end where it would open its stack, when all its words have been understood."""

    def understood(_: click.Context) -> NoReturn:
        raise Refused("understood")

    monkeypatch.setattr(command, "_open_stack", understood)


@dataclass(frozen=True)
class KeyStack:
    """A stack whose keys may be rotated without harm to other tests."""

    name: str
    table: Table
    rotate_keys: LocalFunction
    functions: Endpoint


@pytest.fixture
def key_stack(cloud: Cloud, clock: MovableTime, monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyStack]:
    name, key = f"keys-{new_id().strip('-_').replace('_', '-')}", create_key()
    create_table(name, table_properties(), None)
    settings = {"TABLE_NAME": name, "KMS_KEY_ID": key, "ISSUER": "", "SIGNING_ALGORITHM": ""}
    rotate_keys = LocalFunction(FunctionSpec("RotateKeys", ROOT / "functions" / "rotate_keys", settings, timeout=60))
    clock.advance(-DAY)
    rotate_keys.invoke({})
    clock.advance(DAY)
    describe_stack(name, {"TableName": name, "RotateKeysName": f"{name}-RotateKeys", "MailQueueUrl": "unused"})
    functions = {f"{name}-RotateKeys": rotate_keys}
    with serving(lambda_answers(functions.__getitem__)) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", endpoint.url)
        yield KeyStack(name, Table(LOCAL.dynamodb(), name), rotate_keys, endpoint)
