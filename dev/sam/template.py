"""What a SAM template describes, as CloudFormation would see it: functions, routes, CORS."""

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

from dev.sam.intrinsics import Scope

logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of feature toggles that only AWS has

ROOT = Path(__file__).parents[2]
TEMPLATE = ROOT / "template.yaml"
REGION = "us-east-1"
ACCOUNT = "123456789012"
STACK_NAME = "sallyport"

ANY = "ANY"
DEFAULT = "$default"


@dataclass(frozen=True)
class FunctionSpec:
    """A Lambda function: where its code lies, its environment variables, its time limit in seconds."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    timeout: int
    handler: str = "app.lambda_handler"


@dataclass(frozen=True)
class Route:
    """The function that serves a method and a path, and the authorizer that is asked first."""

    key: str
    function: str
    authorizer: str | None


Routes = Mapping[tuple[str, str], Route]
"""By method and path."""


@dataclass(frozen=True)
class Cors:
    """What browsers are told about other origins. `max_age` in seconds."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...]
    credentials: bool
    max_age: int


class CannotRunError(Exception):
    """A template that cannot run here. Its message says why, in one line."""


def as_cloudformation(
    text: str | None = None, given: Mapping[str, str] = MappingProxyType({})
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Translate SAM (template.yaml) to CloudFormation. Return it and the parameters' default values."""
    document = yaml_parse(text or TEMPLATE.read_text())
    globals_of_functions = document.get("Globals", {}).get("Function", {})
    for properties in [globals_of_functions, *(r.get("Properties", {}) for r in document["Resources"].values())]:
        for uri in {"CodeUri", "ContentUri"} & properties.keys():
            if isinstance(properties[uri], str):
                properties[uri] = f"s3://local/{properties[uri]}"  # as `sam package` would
    parameters = {name: parameter.get("Default", "") for name, parameter in document.get("Parameters", {}).items()}
    return transform(document, {**parameters, **given}, _NoManagedPolicies()), parameters


def resolve(
    translated: Mapping[str, Any],
    named: Mapping[str, Any],
    attributes: Mapping[str, str],
    *,
    stack_name: str,
    imports: Mapping[str, str] = MappingProxyType({}),
) -> Mapping[str, Any]:
    """Resolve every reference of a translated template that has a meaning here.

    `named` says what Ref of a parameter or resource is, `attributes` what Fn::GetAtt of "Name.Attribute" is.
    """
    resources = translated["Resources"]
    functions = {name: function_arn(stack_name, name) for name, _ in functions_of(resources)}
    names = {
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": stack_name,
        **{name: name for name in resources},
        **{name: functions[p["FunctionName"]["Ref"]] for name, p in of_type(resources, "AWS::Lambda::Alias")},
        **named,
    }
    attributes = {**{f"{name}.Arn": arn for name, arn in functions.items()}, **attributes}
    refs = IntrinsicsResolver({**names, **attributes})
    conditions = refs.resolve_parameter_refs(translated.get("Conditions", {}))
    scope = Scope(conditions, attributes, imports)
    there = {n: r for n, r in resources.items() if "Condition" not in r or scope.holds(conditions[r["Condition"]])}
    resolved: Mapping[str, Any] = scope.resolve(
        refs.resolve_parameter_refs({"Resources": there, "Outputs": translated.get("Outputs", {})})
    )
    return resolved


class _NoManagedPolicies:
    def load(self) -> dict[str, str]:
        return {}


def of_type(resources: Mapping[str, Any], resource_type: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, r.get("Properties", {})) for name, r in resources.items() if r["Type"] == resource_type)


def functions_of(resources: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return of_type(resources, "AWS::Lambda::Function")


def function_arn(stack_name: str, name: str) -> str:
    """Return the ARN of a stack's function."""
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{full_name(stack_name, name)}"


def full_name(stack_name: str, name: str) -> str:
    return name if stack_name == STACK_NAME else f"{stack_name}-{name}"


def function(
    name: str, properties: Mapping[str, Any], root: Path, given: Mapping[str, str] = MappingProxyType({})
) -> FunctionSpec:
    """Read a function whose code lies below `root`. Variables that are `given` replace the template's.

    Raises CannotRunError where it does not run here.
    """
    code = properties.get("Code", {})
    if code.get("S3Bucket") != "local" or not str(properties.get("Runtime", "")).startswith("python"):
        raise CannotRunError(f"{name}: only functions in Python with a local CodeUri run here")
    variables = properties.get("Environment", {}).get("Variables", {})
    environment = {key: given.get(key) or _variable(name, key, value) for key, value in variables.items()}
    return FunctionSpec(name, root / code["S3Key"], environment, properties.get("Timeout", 3), properties["Handler"])


def _variable(function: str, name: str, value: Any) -> str:
    if isinstance(value, dict):
        raise CannotRunError(f"{function}: give {name} in the environment: {json.dumps(value)} does not exist here")
    return str(value).lower() if isinstance(value, bool) else str(value)


def cors_of(api: Mapping[str, Any]) -> Cors | None:
    described = api["Body"].get("x-amazon-apigateway-cors")
    if described is None:
        return None
    return Cors(
        origins=tuple(described.get("allowOrigins", ())),
        methods=tuple(described.get("allowMethods", ())),
        headers=tuple(described.get("allowHeaders", ())),
        credentials=described.get("allowCredentials", False),
        max_age=described.get("maxAge", 0),
    )


def routes_of(api: Mapping[str, Any]) -> Routes:
    """Read the routes of an HTTP API. Raises CannotRunError where an authorizer or a target does not run here."""
    body = api["Body"]
    schemes = body.get("components", {}).get("securitySchemes", {})
    routes = {}
    for path, operations in body.get("paths", {}).items():
        for operation_name, operation in operations.items():
            method = ANY if operation_name == "x-amazon-apigateway-any-method" else operation_name.upper()
            key = DEFAULT if path == DEFAULT else f"{method} {path}"
            routes[method, path] = Route(key, _target(key, operation), _authorizer(key, {**body, **operation}, schemes))
    return routes


def _target(key: str, operation: Mapping[str, Any]) -> str:
    integration = operation.get("x-amazon-apigateway-integration", {})
    if integration.get("type") != "aws_proxy" or integration.get("payloadFormatVersion") != "2.0":
        raise CannotRunError(f"{key}: only functions with payload format 2.0 run here")
    return _function_in(integration["uri"], key)


def _authorizer(key: str, operation: Mapping[str, Any], schemes: Mapping[str, Any]) -> str | None:
    names = [name for requirement in operation.get("security", ()) for name in requirement if name != "NONE"]
    if not names and "x-amazon-apigateway-auth" not in operation:
        return None
    if len(names) != 1:
        raise CannotRunError(f"{key}: this way of authorizing does not run here")
    authorizer = schemes[names[0]].get("x-amazon-apigateway-authorizer", {})
    if authorizer.get("type") != "request":
        raise CannotRunError(f"{key}: the authorizer {names[0]} is no Lambda function; API Gateway alone runs it")
    if authorizer.get("authorizerPayloadFormatVersion") != "2.0" or not authorizer.get("enableSimpleResponses"):
        raise CannotRunError(f"{key}: of authorizers only those with payload 2.0 and simple responses run here")
    if json.dumps(authorizer.get("identitySource")).strip('[]"').lower() != "$request.header.authorization":
        raise CannotRunError(
            f"{key}: the authorizer {names[0]} must have one identity source, the header Authorization"
        )
    if authorizer.get("authorizerResultTtlInSeconds", 0) != 0:
        raise CannotRunError(
            f"{key}: the authorizer {names[0]} caches answers, which outlive revocations, and not here"
        )
    return _function_in(authorizer["authorizerUri"], f"{key}: the authorizer {names[0]}")


def _function_in(uri: Any, whose: str) -> str:
    """Find the function that an integration or authorizer URI calls."""
    text = json.dumps(uri)
    found = re.search(r":function:([\w-]+)", text)
    if found is None:
        missing = re.search(r'"Fn::ImportValue": ("[^"]*")', text)
        told = f"nobody exports {missing[1]} here" if missing else "it names no function that runs here"
        raise CannotRunError(f"{whose}: {told}")
    return found[1]
