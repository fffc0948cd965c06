"""What template.yaml describes, as CloudFormation would see it: functions, routes and the table."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from samtranslator.intrinsics.resolver import IntrinsicsResolver
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of feature toggles that only AWS has

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "template.yaml"
REGION = "us-east-1"
ACCOUNT = "123456789012"

ANY = "ANY"
DEFAULT = "$default"


@dataclass(frozen=True)
class FunctionSpec:
    """A Lambda function: where its app.py lies, its environment variables, its time limit in seconds."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    timeout: int


@dataclass(frozen=True)
class Route:
    """What answers a method and a path, and which function must agree first."""

    key: str
    function: str
    authorizer: str | None


@dataclass(frozen=True)
class Cors:
    """What browsers are told about other origins. `max_age` in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    credentials: bool
    max_age: int


@dataclass(frozen=True)
class Stack:
    """The parts of the template that run locally. `routes` by method and path."""

    functions: Mapping[str, FunctionSpec]
    routes: Mapping[tuple[str, str], Route]
    cors: Cors | None
    table: Mapping[str, Any]


def read(*, table_name: str, kms_key_id: str, given: Mapping[str, str] = MappingProxyType({})) -> Stack:
    """Read what runs locally out of the template, with its default parameters but for the `given` ones."""
    resources = translate(table_name=table_name, kms_key_id=kms_key_id, given=given)
    functions = {
        name: FunctionSpec(
            name,
            ROOT / properties["Code"]["S3Key"],
            {key: str(value) for key, value in properties["Environment"]["Variables"].items()},
            properties["Timeout"],
        )
        for name, properties in _of_type(resources, "AWS::Lambda::Function")
    }
    routes = {}
    cors = None
    for _, api in _of_type(resources, "AWS::ApiGatewayV2::Api"):
        cors = _cors(api["Body"].get("x-amazon-apigateway-cors"))
        schemes = api["Body"]["components"]["securitySchemes"]
        for path, operations in api["Body"]["paths"].items():
            for operation_name, operation in operations.items():
                method = _method(operation_name)
                routes[method, path] = Route(
                    DEFAULT if path == DEFAULT else f"{method} {path}",
                    _function_in(operation["x-amazon-apigateway-integration"]["uri"]),
                    _authorizer(operation, schemes),
                )
    ((_, table),) = _of_type(resources, "AWS::DynamoDB::Table")
    return Stack(functions, routes, cors, table)


def _cors(described: Mapping[str, Any] | None) -> Cors | None:
    if described is None or "allowOrigins" not in described:  # AWS::NoValue
        return None
    return Cors(
        origins=tuple(described["allowOrigins"]),
        methods=tuple(described["allowMethods"]),
        headers=tuple(described["allowHeaders"]),
        credentials=described["allowCredentials"],
        max_age=described["maxAge"],
    )


def as_cloudformation(
    text: str | None = None, given: Mapping[str, str] = MappingProxyType({})
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Translate SAM (template.yaml) to CloudFormation, and answer it with the parameters' default values."""
    document = yaml_parse(text or TEMPLATE.read_text())
    for resource in document["Resources"].values():
        for uri in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][uri] = f"s3://local/{resource['Properties'][uri]}"  # as `sam package` would
    parameters = {name: parameter.get("Default", "") for name, parameter in document["Parameters"].items()}
    return transform(document, {**parameters, **given}, _NoManagedPolicies()), parameters


def translate(
    *, table_name: str, kms_key_id: str, given: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, Any]:
    """Answer CloudFormation's resources, with every reference resolved that has a meaning here."""
    translated, defaults = as_cloudformation(given=given)
    parameters = {**defaults, **given}
    resources = translated["Resources"]
    names = {
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": "sallyport",
        **parameters,
        **{name: name for name in resources},
        **{name: table_name for name, _ in _of_type(resources, "AWS::DynamoDB::Table")},
        **{name: _function_arn(p["FunctionName"]["Ref"]) for name, p in _of_type(resources, "AWS::Lambda::Alias")},
    }
    attributes = {
        **{f"{name}.Arn": _function_arn(name) for name, _ in _of_type(resources, "AWS::Lambda::Function")},
        **{f"{name}.Arn": kms_key_id for name, _ in _of_type(resources, "AWS::KMS::Key")},
    }
    refs = IntrinsicsResolver({**names, **attributes})
    conditions = refs.resolve_parameter_refs(translated.get("Conditions", {}))
    resolved: Mapping[str, Any] = _choose(refs.resolve_parameter_refs(resources), conditions, attributes)
    return resolved


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def _choose(value: Any, conditions: Mapping[str, Any], attributes: Mapping[str, str]) -> Any:
    """Resolve Fn::If, Fn::Split and the Fn::GetAtt that we know, which samtranslator leaves to CloudFormation."""
    if isinstance(value, list):
        return [_choose(item, conditions, attributes) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"Fn::If"}:
        condition, then, otherwise = value["Fn::If"]
        return _choose(then if _holds(conditions[condition]) else otherwise, conditions, attributes)
    if value.keys() == {"Fn::Split"}:
        separator, text = value["Fn::Split"]
        return text.split(separator)
    if value.keys() == {"Fn::GetAtt"}:
        return attributes.get(".".join(value["Fn::GetAtt"]), value)
    return {key: _choose(item, conditions, attributes) for key, item in value.items()}


def _holds(condition: Mapping[str, Any]) -> bool:
    if "Fn::Not" in condition:
        return not _holds(condition["Fn::Not"][0])
    left, right = condition["Fn::Equals"]
    return bool(left == right)


def _function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def _of_type(resources: Mapping[str, Any], resource_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, r["Properties"]) for name, r in resources.items() if r["Type"] == resource_type)


def _method(operation_name: str) -> str:
    return ANY if operation_name == "x-amazon-apigateway-any-method" else operation_name.upper()


def _function_in(uri: Any) -> str:
    """Find the function that an integration or authorizer URI calls."""
    found = re.search(r":function:(\w+)", json.dumps(uri))
    if found is None:
        raise ValueError("this URI names no function of the template")
    return found[1]


def _authorizer(operation: Mapping[str, Any], schemes: Mapping[str, Any]) -> str | None:
    names = [name for requirement in operation.get("security", ()) for name in requirement if name != "NONE"]
    if not names:
        return None
    return _function_in(schemes[names[0]]["x-amazon-apigateway-authorizer"]["authorizerUri"])
