"""An operator at a shell: the command, in this process, against stacks that CloudFormation describes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import boto3
from click.testing import CliRunner

from dev.lambda_host.functions import LocalFunction
from sallyport_cli.main import sallyport
from tests.support.endpoint import Reply

NOTHING_ELSE: Mapping[str, str | None] = MappingProxyType({})
PARAMETERS = {"AccessTokenSeconds": "600", "Audience": "sallyport", "RevocationMode": "bounded"}


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The tables on standard output, as words that stand apart."""
        return [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in self.out.splitlines()]


def run(*arguments: str, typed: str | bytes = "", env: Mapping[str, str | None] = NOTHING_ELSE) -> Ran:
    """Run `sallyport` with these arguments, standard input and environment variables."""
    result = CliRunner().invoke(sallyport, arguments, input=typed, env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def done(*arguments: str, typed: str | bytes = "") -> Ran:
    """Run it and see it succeed in silence."""
    ran = run(*arguments, typed=typed)
    assert (ran.exit_code, ran.err) == (0, "")
    return ran


def describe_stack(name: str, outputs: dict[str, str], parameters: dict[str, str] = PARAMETERS) -> None:
    """Let CloudFormation have a stack of this name."""
    template = {
        "Resources": {},
        "Parameters": {parameter: {"Type": "String"} for parameter in parameters},
        "Outputs": {output: {"Value": value} for output, value in outputs.items()},
    }
    given = [{"ParameterKey": parameter, "ParameterValue": value} for parameter, value in parameters.items()]
    boto3.client("cloudformation").create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=given,  # type: ignore[arg-type]  # a list of what the stubs call a TypedDict
    )


def lambda_answers(function: Callable[[str], LocalFunction]) -> Callable[[str, bytes], Reply]:
    """Invoke functions as Lambda's API does: one that raises is a good answer with a header."""

    def answer(path: str, body: bytes) -> Reply:
        name = path.removeprefix("/2015-03-31/functions/").removesuffix("/invocations")
        try:
            return Reply(200, json.dumps(function(name).invoke(json.loads(body))).encode())
        except Exception as error:  # noqa: BLE001  # as Lambda does
            failure = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return Reply(200, json.dumps(failure).encode(), {"X-Amz-Function-Error": "Unhandled"})

    return answer
