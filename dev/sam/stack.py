"""What our own template describes: what runs locally, the table, and what other stacks may import."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from dev.sam.template import (
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


@dataclass(frozen=True)
class Stack:
    """The parts of template.yaml that run locally. `exports` is what other stacks may import, by name."""

    functions: Mapping[str, FunctionSpec]
    routes: Routes
    cors: Cors | None
    table: Mapping[str, Any]
    exports: Mapping[str, str]


def read(*, table_name: str, kms_key_id: str, given: Mapping[str, str] = MappingProxyType({})) -> Stack:
    """Read what runs locally out of template.yaml, with its default parameters but for the `given` ones."""
    template = _sallyport(table_name=table_name, kms_key_id=kms_key_id, given=given)
    resources = template["Resources"]
    ((_, api),) = of_type(resources, "AWS::ApiGatewayV2::Api")
    ((_, table),) = of_type(resources, "AWS::DynamoDB::Table")
    exported = [output for output in template["Outputs"].values() if "Export" in output]
    return Stack(
        functions={name: function(name, properties, ROOT) for name, properties in functions_of(resources)},
        routes=routes_of(api),
        cors=cors_of(api),
        table=table,
        exports={output["Export"]["Name"]: output["Value"] for output in exported},
    )


def translate(
    *, table_name: str, kms_key_id: str, given: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, Any]:
    """Return the resources of template.yaml, with every reference resolved that has a meaning here."""
    resources: Mapping[str, Any] = _sallyport(table_name=table_name, kms_key_id=kms_key_id, given=given)["Resources"]
    return resources


def _sallyport(*, table_name: str, kms_key_id: str, given: Mapping[str, str]) -> Mapping[str, Any]:
    translated, defaults = as_cloudformation(given=given)
    resources = translated["Resources"]
    named = {name: table_name for name, _ in of_type(resources, "AWS::DynamoDB::Table")}
    keys = {f"{name}.Arn": kms_key_id for name, _ in of_type(resources, "AWS::KMS::Key")}
    return resolve(translated, {**defaults, **given, **named}, keys, stack_name=STACK_NAME)
