"""An API of your own beside Sallyport's: what its template describes. Fn::ImportValue finds Sallyport's exports."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.yaml_helper import yaml_parse
from yaml import YAMLError

from dev.gateway.matching import fits
from dev.gateway.routes import DEV_PATHS
from dev.lambda_host import variables
from dev.lambda_host.functions import LocalFunction
from dev.sam.references import undeclared
from dev.sam.template import (
    CannotRunError,
    Cors,
    FunctionSpec,
    Routes,
    as_cloudformation,
    cors_of,
    full_name,
    function,
    functions_of,
    of_type,
    resolve,
    routes_of,
)

STACK_NAME = "attached"


@dataclass(frozen=True)
class Attached:
    """What runs here of the template. Its functions have names that differ from Sallyport's."""

    functions: Mapping[str, FunctionSpec]
    routes: Routes
    cors: Cors | None


def read(
    template: Path, parameters: Mapping[str, str], exports: Mapping[str, str], environ: Mapping[str, str]
) -> Attached:
    """Read a SAM template with one HTTP API. Variables of `environ` replace those of its functions.

    Raises CannotRunError.
    """
    try:
        return _read(template, parameters, exports, environ)
    except Exception as error:  # the edge: whatever samtranslator stumbles over, too
        raise CannotRunError(f"{template}: {_why(error)}") from error


def _read(
    template: Path, parameters: Mapping[str, str], exports: Mapping[str, str], environ: Mapping[str, str]
) -> Attached:
    text = template.read_text()
    chosen = _parameters(_document(text), parameters)
    translated, _ = as_cloudformation(text, chosen)
    _refuse_undeclared(translated)
    resources = resolve(translated, chosen, {}, stack_name=STACK_NAME, imports=exports)["Resources"]
    api = _the_api(resources)
    routes = routes_of(api)
    called = {route.function for route in routes.values()} | {route.authorizer for route in routes.values()}
    described = {full_name(STACK_NAME, name): properties for name, properties in functions_of(resources)}
    functions = {n: function(n, p, template.parent, environ) for n, p in described.items() if n in called}
    for route in routes.values():
        if route.function not in functions:
            raise CannotRunError(f"{route.key}: {route.function} is no function of this template")
    return Attached(functions, routes, cors_of(api))


def _why(error: Exception) -> str:
    match error:
        case CannotRunError():
            return str(error)
        case OSError():
            return error.strerror or str(error)
        case UnicodeDecodeError() | YAMLError():
            return f"this is no YAML: {_one_line(error)}"
        case InvalidDocumentException():
            return "; ".join(_one_line(cause.message) for cause in error.causes)
    return f"it is not understood: {type(error).__name__}: {_one_line(error)}"


def refuse_collisions(template: Path, theirs: Routes, ours: Routes) -> None:
    """Refuse a route on one of Sallyport's paths. Raises CannotRunError."""
    for route, path in ((route, path) for (_, path), route in theirs.items()):
        if path.startswith(DEV_PATHS) or any(fits(taken, path) for _, taken in ours):
            raise CannotRunError(f"{template}: {route.key} is a path of Sallyport's own API")


def start(functions: Mapping[str, FunctionSpec]) -> Mapping[str, LocalFunction]:
    """Load the functions. Raises CannotRunError, which names the function and what it raised."""
    variables.install()
    started = {}
    for name, spec in functions.items():
        try:
            started[name] = LocalFunction(spec)
        except Exception as error:  # the edge: code of others
            raise CannotRunError(f"{name} does not load: {type(error).__name__}: {_one_line(error)}") from error
    return started


def _document(text: str) -> dict[str, Any]:
    document: Any = yaml_parse(text)
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict) or not all(isinstance(r, dict) and "Type" in r for r in resources.values()):
        raise CannotRunError("this is no SAM template: it has no Resources")
    checked: dict[str, Any] = document
    return checked


def _parameters(document: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of each parameter, as Ref gives it. Raises CannotRunError."""
    described = document.get("Parameters", {})
    unknown = sorted(given.keys() - described.keys())
    if unknown:
        raise CannotRunError(f"it has no parameter {unknown[0]}")
    missing = sorted(name for name, p in described.items() if name not in given and "Default" not in p)
    if missing:
        raise CannotRunError(f"its parameter {missing[0]} has no default: give --parameter {missing[0]}=...")
    return {name: _value(p.get("Type", ""), given.get(name, p.get("Default"))) for name, p in described.items()}


def _refuse_undeclared(translated: Mapping[str, Any]) -> None:
    """Raise CannotRunError with every name that the template refers to and does not declare."""
    names = undeclared(translated)
    if names:
        raise CannotRunError(
            f"it refers to {', '.join(names)} and declares no parameter or resource of that name: "
            "add what is missing under Parameters or Resources"
        )


def _value(kind: str, value: Any) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.split(",") if kind.startswith(("CommaDelimitedList", "List<")) else text


def _the_api(resources: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, _ in of_type(resources, "AWS::ApiGateway::RestApi"):
        raise CannotRunError(f"{name} is a REST API; only HTTP APIs run here")
    apis = list(of_type(resources, "AWS::ApiGatewayV2::Api"))
    for name, properties in apis:
        if properties.get("ProtocolType") == "WEBSOCKET":
            raise CannotRunError(f"{name} is a WebSocket API; only HTTP APIs run here")
        if "Body" not in properties:
            raise CannotRunError(f"{name}: of HTTP APIs only AWS::Serverless::HttpApi runs here")
    if len(apis) != 1:
        raise CannotRunError(f"it has {len(apis)} HTTP APIs; one runs here")
    return apis[0][1]


def _one_line(told: object) -> str:
    return " ".join(str(told).split())
