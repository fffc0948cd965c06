"""What `make build` built, started by Lambda's runtime client: packages, bytecode and settings as they are deployed."""

from dataclasses import replace
from pathlib import Path

import pytest

from dev import demo
from dev.aws.cloud import LOCAL, create_table
from dev.sam.stack import read
from dev.sam.template import FunctionSpec
from dev.sam_local.events import EVENTS, filled
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from tests.support.cloudformation import listening
from tests.support.deployed import Stack, sample
from tests.support.emulator import FunctionFailed, emulated
from tests.support.outcomes import EVENT_NAMES, hold_to_its_name, logged_in


@pytest.mark.parametrize("name", EVENT_NAMES)
def test_an_event_leads_to_what_its_name_says(stack: Stack, name: str) -> None:
    hold_to_its_name(stack, name)


def told(stack: Stack, function: str, **settings: str) -> FunctionSpec:
    """A function of the deployment with other settings."""
    spec = stack.deployment.functions[function].spec
    return replace(spec, environment={**spec.environment, **settings})


def test_the_first_deployment_makes_the_keys(stack: Stack, tmp_path: Path) -> None:
    name = "runtime-first-deployment"
    create_table(name, read(table_name=name, kms_key_id="unused").table, None)
    event = sample("setup_keys_made")

    with (
        listening() as cloudformation,
        emulated(told(stack, "Setup", TABLE_NAME=name, ISSUER=""), tmp_path / "log") as setup,
    ):
        setup.invoke({**event, "ResponseURL": cloudformation.url})

    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS"]
    ring = PublishedKeys(Table(LOCAL.dynamodb(), name)).public_ring()
    assert (ring.issuer, len(ring.keys)) == (event["ResourceProperties"]["Issuer"], 2)


AUTHORIZER_EVENTS = [name for name in EVENT_NAMES if name.startswith("authorizer_") and name != "authorizer_denied"]


def test_o02_an_authorizer_that_crashes_tells_nobody_the_token(stack: Stack, tmp_path: Path) -> None:
    demo.create_user(stack.table)
    tokens = logged_in(stack)
    log = tmp_path / "log"
    answers = []

    with emulated(told(stack, "Authorizer", TABLE_NAME="absent"), log) as authorizer:
        for name in AUTHORIZER_EVENTS:
            with pytest.raises(FunctionFailed) as failed:
                authorizer.invoke(filled(EVENTS / f"{name}.json", tokens))
            answers.append(failed.value.answer)

    for answer in answers:
        assert (answer["errorType"], answer["errorMessage"]) == ("AuthorizerUnavailable", "")
        assert ".aws-sam/build/CoreLayer/python/sallyport/aws/authorizer/handler.py" in answer["stackTrace"][0]
    printed = log.read_text()
    assert printed.count("Query ResourceNotFoundException") == len(AUTHORIZER_EVENTS)
    assert "AuthorizerUnavailable" in printed
    for segment in tokens["ACCESS_TOKEN"].split(".")[1:]:
        assert segment not in printed + str(answers)


def test_a_function_ends_with_its_emulator(stack: Stack, tmp_path: Path) -> None:
    with emulated(stack.deployment.functions["Wellknown"].spec, tmp_path / "log") as wellknown:
        wellknown.invoke(sample("wellknown_key_set"))
        children = children_of(wellknown.pid)
        assert len(children) == 1

    assert not any(Path("/proc", str(child)).exists() for child in children)


def children_of(pid: int) -> list[int]:
    """Find the processes that a process started (proc(5): after the name, the third column is the parent)."""
    children = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            status = (process / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if int(status.rpartition(")")[2].split()[1]) == pid:
            children.append(int(process.name))
    return children
