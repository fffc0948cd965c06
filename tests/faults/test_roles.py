"""Each function's role: enough for all that the function does, and nothing that it does not use.

Every test asks the roles (tests/conftest.py). Here each kind of request comes once, and shows what no request uses.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.lambda_host.functions import LocalFunction
from tests.faults.scenes import AUTHORIZERS, FLOWS, LONGEST, World
from tests.functions.test_rotate_keys import fresh_rotate_keys
from tests.functions.test_setup import CHECKS, KEYS, asked, fresh_setup
from tests.support.builders import DAY
from tests.support.cloudformation import listening
from tests.support.deployed import sample
from tests.support.iam import Request, grants, listed
from tests.support.roles import Statement, functions_have_their_roles, roles
from tests.support.stopped_time import MovableTime

NOT_OURS = {
    "WriteLogs": "Lambda writes what a function prints",
    "SendTraces": "X-Ray's own daemon sends them",
    "TakeMail": "Lambda takes the messages from the queue",
}
VARIED = ("dynamodb:LeadingKeys", "dynamodb:Attributes", "kms:EncryptionContext:use")


def answer_everyone(world: World) -> None:
    """Make every kind of request that the API serves, with environments that have read their keys a minute ago."""
    stack = world.stack
    for flow in FLOWS.values():
        stack.invoke(flow.function, flow.arrange(world).event)
    for function, arrange in LONGEST.items():
        stack.invoke(function, arrange(world).event)
    for name, function in {"account_listed": "Account", "wellknown_key_set": "Wellknown"}.items():
        stack.invoke(function, sample(name))
    for told in AUTHORIZERS.values():
        assert in_mode(world, "Authorizer", told)["isAuthorized"]
        assert in_mode(world, "Verify", told)["statusCode"] == 204
    stack.deployment.mail.drain()


def in_mode(world: World, function: str, told: Mapping[str, str]) -> Any:
    """Ask a new environment, with other settings."""
    spec = world.stack.deployment.functions[function].spec
    environment = LocalFunction(replace(spec, environment={**spec.environment, **told}))
    return environment.invoke(LONGEST[function](world).event)


def keep_keys(clock: MovableTime) -> None:
    """Deploy twice, keep the rings until the first keys go, and promote others."""
    with listening() as cloudformation:
        setup, _ = fresh_setup("roles-setup")
        setup.invoke(asked(cloudformation, CHECKS))
        setup.invoke(asked(cloudformation, CHECKS, "Update"))
        for _ in range(7):
            setup.invoke(asked(cloudformation, KEYS, "Update"))
            clock.advance(100 * DAY)
        assert {answer["Status"] for answer in cloudformation.answers} == {"SUCCESS"}
    rotate_keys, _ = fresh_rotate_keys("roles-rotate")
    rotate_keys.invoke({})
    for use in ("access", "refresh"):
        rotate_keys.invoke({"promote": use, "drop_older": True})


def uses(statement: Statement, requests: list[Request]) -> Iterator[str]:
    """List what a statement allows and no request uses: its actions, and of each its prefixes, attributes and uses."""
    for action in listed(statement["Action"]):
        used = [request for request in requests if request.action == action and grants(statement, request)]
        if not used:
            yield action
        for keys in statement.get("Condition", {}).values():
            for key in keys.keys() & set(VARIED):
                for each in listed(keys[key]):
                    narrowed = {"Condition": {"ForAllValues:StringLike": {key: each}}}
                    if each not in ("true", "false") and not any(
                        grants({**statement, **narrowed}, Request(action, {key: [value]}))
                        for request in used
                        for value in request.context[key]
                    ):
                        yield f"{action} {each}"


@pytest.mark.only_in_check
def test_no_role_allows_what_its_function_never_does(world: World, clock: MovableTime, cloud: Cloud) -> None:
    heard: dict[str, list[Request]] = defaultdict(list)

    with functions_have_their_roles(lambda function, request: heard[function].append(request)):
        answer_everyone(world)
        keep_keys(clock)

    unused: Mapping[str, list[str]] = {
        f"{name} {statement['Sid']}": found
        for name, role in roles().items()
        for statement in role.statements
        if statement["Sid"] not in NOT_OURS and (found := list(uses(statement, heard[name])))
    }
    assert unused == {}
