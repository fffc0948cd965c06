"""The roles of template.yaml, asked about every call that a function makes in a test.

A function that does what its role does not allow is refused, as AWS would refuse it, and its test fails.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from dev.sam.stack import translate
from sallyport.aws.by_botocore import failing_closed
from sallyport.aws.signed.calls import SignedCalls
from tests.support.iam import Request, grants, listed
from tests.support.requests_to_aws import as_iam_sees

Statement: TypeAlias = Mapping[str, Any]
Hears: TypeAlias = Callable[[str, Request], None]


@dataclass(frozen=True)
class Role:
    """What a function may do: its own statements, and those of the KMS key's policy that name its role."""

    function: str
    statements: tuple[Statement, ...]

    def granting(self, request: Request) -> Iterator[Statement]:
        """Find the statements that allow a request."""
        return (statement for statement in self.statements if grants(statement, request))


@cache
def roles() -> Mapping[str, Role]:
    """Read the roles of all functions, by the function's name."""
    resources = translate(table_name="table", kms_key_id="key")
    key_policy = resources["SigningKey"]["Properties"]["KeyPolicy"]["Statement"]
    return {
        name: Role(
            name,
            (
                *(s for policy in _policies(resources, name) for s in policy["PolicyDocument"]["Statement"]),
                *(s for s in key_policy if _names_role_of(name, s["Principal"]["AWS"])),
            ),
        )
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def _policies(resources: Mapping[str, Any], function: str) -> list[Any]:
    found: list[Any] = resources[f"{function}Role"]["Properties"]["Policies"]
    return found


def _names_role_of(function: str, principals: str | list[Any]) -> bool:
    return {"Fn::GetAtt": [f"{function}Role", "Arn"]} in listed(principals)  # type: ignore[comparison-overlap]


@contextmanager
def functions_have_their_roles(hears: Hears = lambda *_: None) -> Iterator[None]:
    """Ask the roles about every call of a function. Functions run in threads of their name (dev/lambda_host).

    `hears` is told of each request, with the function's name.
    """
    by_botocore = BaseClient._make_api_call  # type: ignore[attr-defined]  # its own, which the stubs leave out
    signed = SignedCalls.call

    def ask(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        thread = threading.current_thread()
        role = None if thread is threading.main_thread() else roles().get(thread.name)
        for request in as_iam_sees(service, operation, parameters) if role else ():
            hears(role.function, request)  # type: ignore[union-attr]
            if not any(role.granting(request)):  # type: ignore[union-attr]
                raise refusal(role.function, request, operation)  # type: ignore[union-attr]

    def asked(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        ask(client.meta.service_model.service_name, operation, parameters)
        return by_botocore(client, operation, parameters)

    def asked_for_reads(client: SignedCalls, operation: str, parameters: Mapping[str, Any]) -> Any:
        with failing_closed():
            ask(client.service, operation, parameters)
        return signed(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", asked), patch.object(SignedCalls, "call", asked_for_reads):
        yield


def refusal(function: str, request: Request, operation: str) -> ClientError:
    """Return what botocore raises for a call that a role does not allow, and which call it was."""
    message = f"the role of {function} does not allow {request}"
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, operation)
