"""The rule that examples/events shows: it hears of what Sallyport's pipe sends, and of nothing else."""

import json
from typing import Any, cast

import pytest
from moto.events.models import EventPattern
from samtranslator.yaml_helper import yaml_parse

from dev.aws.cloud import Cloud
from dev.pipe import described
from dev.sam.template import ROOT, resolve
from sallyport.audit import Action, AuditEntry, by_system
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.table import Table
from tests.support.builders import NOW, SECOND


@pytest.fixture(scope="module")
def resources() -> Any:
    template = yaml_parse((ROOT / "examples/events/webhook.yaml").read_text())
    given = {"SallyportStack": "sallyport", "WebhookUrl": "https://example.com/hook", "WebhookSecret": "x" * 32}
    return resolve(template, given, {}, stack_name="webhook")["Resources"]


def sent(action: Action) -> dict[str, Any]:
    entry = AuditEntry("a", action, NOW * SECOND, by_system())
    item: Any = AuditTrail(Table(None, "table"), days=1).write(entry)["Put"]["Item"]  # type: ignore[arg-type]
    event = described().event({"eventName": "INSERT", "dynamodb": {"Keys": item, "NewImage": item}})
    assert event is not None
    return event


def hears(resources: Any, event: dict[str, Any]) -> bool:
    pattern = EventPattern.load(json.dumps(resources["Rule"]["Properties"]["EventPattern"]))
    return bool(pattern.matches_event(cast("Any", event)))


@pytest.mark.parametrize(("action", "is_heard"), [
    ("user.created", True), ("user.verified", True), ("user.deleted", True), ("session.replayed", True),
    ("roles.changed", True), ("key.promoted", True), ("password.changed", False), ("sessions.revoked", False),
])  # fmt: skip
def test_the_rule_hears_of_what_it_names(cloud: Cloud, resources: Any, action: Action, is_heard: bool) -> None:
    assert hears(resources, sent(action)) is is_heard


def test_the_rule_hears_of_its_own_stack_alone_and_of_sallyport_alone(cloud: Cloud, resources: Any) -> None:
    event = sent("user.created")

    assert not hears(resources, {**event, "detail": {**event["detail"], "stack": "sallyport-staging"}})
    assert not hears(resources, {**event, "source": "another"})


def test_the_secret_goes_into_the_connection_and_is_shown_nowhere(resources: Any) -> None:
    template = yaml_parse((ROOT / "examples/events/webhook.yaml").read_text())

    assert template["Parameters"]["WebhookSecret"]["NoEcho"] is True
    assert [name for name, resource in resources.items() if "x" * 32 in str(resource)] == ["Connection"]
