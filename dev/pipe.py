"""The events that the template's pipe sends, as they would reach the bus: GET /_dev/events."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
from moto.events.models import EventPattern

from dev.aws.deployment import Deployment
from dev.gateway.routes import DevRoutes
from dev.sam.stack import translate

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

_PATH = re.compile(r"<\$\.([\w.]+)>")


@dataclass(frozen=True)
class Pipe:
    """Which records of the table's stream become events, and what those say."""

    pattern: EventPattern
    envelope: Mapping[str, str]
    template: str

    def event(self, record: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what the bus gets of a record, None for one that the filter drops."""
        if not self.pattern.matches_event(cast("Any", record)):  # a record is no event of a bus, and matched like one
            return None
        detail = _PATH.sub(lambda found: json.dumps(_at(record, found[1]))[1:-1], self.template)
        return {
            "source": self.envelope["Source"],
            "detail-type": self.envelope["DetailType"],
            "detail": json.loads(detail),
        }


def _at(record: Any, path: str) -> str:
    for name in path.split("."):
        record = record[name]
    return str(record)


@cache
def described() -> Pipe:
    """Read the pipe out of template.yaml, as a stack with `Events` has it."""
    resources = translate(table_name="table", kms_key_id="key", given={"Events": "true"})
    (pipe,) = (each["Properties"] for each in resources.values() if each["Type"] == "AWS::Pipes::Pipe")
    ((filter_,),) = pipe["SourceParameters"]["FilterCriteria"].values()
    target = pipe["TargetParameters"]
    return Pipe(EventPattern.load(filter_["Pattern"]), target["EventBridgeEventBusParameters"], target["InputTemplate"])


def event_routes(deployed: Deployment) -> DevRoutes:
    dynamodb = boto3.client("dynamodb", endpoint_url=deployed.dynamodb_endpoint_url)

    def events(_body: bytes) -> dict[str, Any]:
        sent = filter(None, map(described().event, _records(dynamodb, deployed.table_name)))
        return {"events": sorted(sent, key=lambda event: str(event["detail"]["id"]))}

    return {("GET", "/_dev/events"): events}


def _records(dynamodb: "DynamoDBClient", table_name: str) -> Iterator[Mapping[str, Any]]:
    """Read what is in the audit trail as if it came from the table's stream, which not every engine has."""
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table_name,
        FilterExpression="begins_with(PK, :audit)",
        ExpressionAttributeValues={":audit": {"S": "AUDIT#"}},
    )
    for page in pages:
        for item in page["Items"]:
            keys = {name: item[name] for name in ("PK", "SK")}
            yield {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item}}
