"""What our own template describes: what runs locally, the table, and what other stacks may import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dev.sam.template import (
    ACCOUNT,
    REGION,
    ROOT,
    STACK_NAME,
    Cors,
    FunctionSpec,
    Routes,
    as_cloudformation,
    cors_of,
    function,
    functions_of,
    of_type,
    resolve,
    routes_of,
)

WITHOUT_DEFAULT = {"AppUrl": "http://127.0.0.1:5173", "MailFrom": "no-reply@example.com"}
"""What the parameters are here that every deployment to AWS has to be told."""


@dataclass(frozen=True)
class Queue:
    """A queue, the function that takes its messages, and how many at a time."""

    properties: Mapping[str, Any]
    function: str
    batch_size: int


@dataclass(frozen=True)
class Stack:
    """The parts of template.yaml that run locally. `exports` is what other stacks may import, by name."""

    functions: Mapping[str, FunctionSpec]
    routes: Routes
    cors: Cors | None
    table: Mapping[str, Any]
    queues: Mapping[str, Queue]
    exports: Mapping[str, str]


def read(
    *, table_name: str, kms_key_id: str, mail_queue_url: str = "", given: Mapping[str, str] = MappingProxyType({})
) -> Stack:
    """Read what runs locally out of template.yaml, with its default parameters but for the `given` ones."""
    template = whole(table_name=table_name, kms_key_id=kms_key_id, mail_queue_url=mail_queue_url, given=given)
    resources = template["Resources"]
    ((_, api),) = of_type(resources, "AWS::ApiGatewayV2::Api")
    ((_, table),) = of_type(resources, "AWS::DynamoDB::Table")
    exported = [output for output in template["Outputs"].values() if "Export" in output]
    return Stack(
        functions={name: function(name, properties, ROOT) for name, properties in functions_of(resources)},
        routes=routes_of(api),
        cors=cors_of(api),
        table=table,
        queues=dict(_queues(resources)),
        exports={output["Export"]["Name"]: output["Value"] for output in exported},
    )


def _queues(resources: Mapping[str, Any]) -> Iterator[tuple[str, Queue]]:
    """Read the queues whose messages a function takes."""
    queues = dict(of_type(resources, "AWS::SQS::Queue"))
    for _, source in of_type(resources, "AWS::Lambda::EventSourceMapping"):
        name = source["EventSourceArn"].rpartition(":")[2]
        function_name = source["FunctionName"].rpartition(":")[2]
        yield name, Queue(queues[name], function_name, source["BatchSize"])


def translate(
    *, table_name: str, kms_key_id: str, given: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, Any]:
    """Return the resources of template.yaml, with every reference resolved that has a meaning here."""
    template = whole(table_name=table_name, kms_key_id=kms_key_id, mail_queue_url="not-created", given=given)
    resources: Mapping[str, Any] = template["Resources"]
    return resources


def whole(*, table_name: str, kms_key_id: str, mail_queue_url: str, given: Mapping[str, str]) -> Mapping[str, Any]:
    """Return template.yaml, its resources and outputs, with every reference resolved that has a meaning here."""
    given = {**WITHOUT_DEFAULT, **given}
    translated, defaults = as_cloudformation(given=given)
    resources = translated["Resources"]
    named = {name: table_name for name, _ in of_type(resources, "AWS::DynamoDB::Table")}
    named["MailQueue"] = mail_queue_url
    attributes = {f"{name}.Arn": kms_key_id for name, _ in of_type(resources, "AWS::KMS::Key")}
    for name, _ in of_type(resources, "AWS::SQS::Queue"):
        attributes |= {f"{name}.Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", f"{name}.QueueName": name}
    return resolve(translated, {**defaults, **given, **named}, attributes, stack_name=STACK_NAME)
