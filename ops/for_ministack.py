"""Write what ministack can deploy of a built template: `python -m ops.for_ministack BUILT OUT` (`make cloud-test`).

ministack is an emulator of AWS and lacks some of it. Each such piece is dropped or written in another way, and printed
with its reason. All else is deployed as it is. A piece is found by what it is and not by a name, so that another
function, route or alarm needs nothing here. A piece that the template has no more is an error: the list stays true.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.sam.template import REGION, as_cloudformation

Template = dict[str, Any]

_INTEGRATION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_CORS = "x-amazon-apigateway-cors"
_ENDPOINT = "x-amazon-apigateway-endpoint-configuration"
_ANY = "x-amazon-apigateway-any-method"
_DEFAULT = "$default"
_NO_AUTHORIZER = "NONE"
_ROUTE = "AWS::ApiGatewayV2::Route"
_CODEDEPLOY = "AWS::CodeDeploy::"
_UNKNOWN_KEYS = ("dynamodb:", "kms:", "ses:", "events:")


class NothingToReplaceError(Exception):
    """A piece of the list is not in the template any more. Its message names the piece."""


@dataclass(frozen=True)
class Piece:
    """What ministack lacks, what is deployed instead, and why it must be.

    `replace` changes a translated template, and returns the names of what it changed.
    """

    what: str
    instead: str
    why: str
    replace: Callable[[Template], Sequence[str]]


@dataclass(frozen=True)
class Replaced:
    """A piece, and the names of what was changed for it."""

    piece: Piece
    names: tuple[str, ...]


def replace_lacking(translated: Mapping[str, Any]) -> tuple[Template, list[Replaced]]:
    """Return what ministack can deploy of a translated template, and what was replaced.

    Raises NothingToReplaceError for a piece that the template does not have.
    """
    template = deepcopy(dict(translated))
    replaced = []
    for piece in PIECES:
        names = tuple(sorted(piece.replace(template)))
        if not names:
            raise NothingToReplaceError(
                f"The template has no {piece.what}: take this piece out of ops/for_ministack.py."
            )
        replaced.append(Replaced(piece, names))
    return template, replaced


def deployable(built: Path) -> tuple[Template, list[Replaced]]:
    """Return what `sam deploy` can deploy to ministack of a template that `sam build` wrote, and what was replaced.

    CloudFormation translates SAM itself. Here samtranslator does, by which AWS publishes how. Raises
    NothingToReplaceError.
    """
    translated, _ = as_cloudformation(built.read_text())
    for resource in translated["Resources"].values():
        for name in {"Code", "Content"} & resource.get("Properties", {}).keys():
            resource["Properties"][name] = str(built.parent / resource["Properties"][name]["S3Key"])
    return replace_lacking(translated)


def report(replaced: Sequence[Replaced]) -> str:
    """Describe what was replaced, for whoever reads the output of `make cloud-test`."""
    return "\n".join(
        f"- {one.piece.what} ({len(one.names)}): {one.piece.instead}. {one.piece.why}.\n  {', '.join(one.names)}"
        for one in replaced
    )


def _drop_codedeploy(template: Template) -> list[str]:
    resources = template["Resources"]
    dropped = [name for name, resource in resources.items() if resource["Type"].startswith(_CODEDEPLOY)]
    for name in dropped:
        del resources[name]
    for resource in resources.values():
        if "CodeDeployLambdaAliasUpdate" in resource.get("UpdatePolicy", {}):
            del resource["UpdatePolicy"]
    return dropped


def _drop_metric_math(template: Template) -> list[str]:
    alarms = dict(_of_type(template, "AWS::CloudWatch::Alarm"))
    dropped = [name for name, alarm in alarms.items() if "Metrics" in alarm["Properties"]]
    for name in dropped:
        del template["Resources"][name]
    return dropped


def _drop_dkim_records(template: Template) -> list[str]:
    outputs = template["Outputs"]
    dropped = [name for name, output in outputs.items() if ".DkimDNS" in str(output["Value"])]
    for name in dropped:
        del outputs[name]
    return dropped


def _write_routes(template: Template) -> list[str]:
    """Replace the OpenAPI document of each HTTP API by its routes, integrations and authorizers."""
    keys = []
    for name, api in list(_of_type(template, "AWS::ApiGatewayV2::Api")):
        body = api["Properties"].pop("Body", None)
        if body is None:
            continue
        _refuse_unknown(body)
        api["Properties"] |= {"Name": body["info"]["title"], "ProtocolType": "HTTP"}
        if _CORS in body:
            api["Properties"]["CorsConfiguration"] = _in_pascal_case(body[_CORS])
        if _ENDPOINT in body:
            api["Properties"] |= _in_pascal_case(body[_ENDPOINT])
        written = {**_authorizers(name, body), **_routes(name, body)}
        if clash := written.keys() & template["Resources"].keys():
            raise ValueError(f"the template has resources of these names already: {', '.join(sorted(clash))}")
        template["Resources"] |= written
        keys += [each["Properties"]["RouteKey"] for each in written.values() if each["Type"] == _ROUTE]
    return keys


def _refuse_unknown(body: Mapping[str, Any]) -> None:
    """Raise ValueError for what SAM has begun to write into the document: it would get lost."""
    if unknown := {key for key in body if key.startswith("x-")} - {_CORS, _ENDPOINT}:
        raise ValueError(f"write {', '.join(sorted(unknown))} as properties, too (ops/for_ministack.py)")


def _authorizers(api: str, body: Mapping[str, Any]) -> Template:
    schemes = body.get("components", {}).get("securitySchemes", {})
    described = {name: scheme[_AUTHORIZER] for name, scheme in schemes.items()}
    return {
        f"{api}{name}Authorizer": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": api},
                "Name": name,
                "AuthorizerType": authorizer["type"].upper(),
                "AuthorizerUri": authorizer["authorizerUri"],
                "AuthorizerPayloadFormatVersion": authorizer["authorizerPayloadFormatVersion"],
                "AuthorizerResultTtlInSeconds": authorizer["authorizerResultTtlInSeconds"],
                "EnableSimpleResponses": authorizer["enableSimpleResponses"],
                "IdentitySource": authorizer["identitySource"],
            },
        }
        for name, authorizer in described.items()
    }


def _routes(api: str, body: Mapping[str, Any]) -> Template:
    written: Template = {}
    for path, methods in body["paths"].items():
        condition, operations = _with_its_condition(methods)
        for method, operation in operations.items():
            verb = "ANY" if method == _ANY else method.upper()
            called = api + re.sub(r"\W", "", f"{verb}{path}".title())
            integration = operation[_INTEGRATION]
            written[f"{called}Integration"] = condition | {
                "Type": "AWS::ApiGatewayV2::Integration",
                "Properties": {
                    "ApiId": {"Ref": api},
                    "IntegrationType": integration["type"].upper(),
                    "IntegrationMethod": integration["httpMethod"],
                    "IntegrationUri": integration["uri"],
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                },
            }
            written[f"{called}Route"] = condition | {
                "Type": _ROUTE,
                "Properties": {
                    "ApiId": {"Ref": api},
                    "RouteKey": path if path == _DEFAULT else f"{verb} {path}",
                    "Target": {"Fn::Sub": f"integrations/${{{called}Integration}}"},
                    **_authorization(api, operation),
                },
            }
    return written


def _with_its_condition(methods: Mapping[str, Any]) -> tuple[Template, Mapping[str, Any]]:
    """Return the condition of a path, as a resource has it, and its operations. SAM writes it for a function's."""
    if "Fn::If" not in methods:
        return {}, methods
    condition, operations, _ = methods["Fn::If"]
    return {"Condition": condition}, operations


def _authorization(api: str, operation: Mapping[str, Any]) -> Template:
    names = [name for scheme in operation.get("security", ()) for name in scheme]
    if names in ([], [_NO_AUTHORIZER]):
        return {"AuthorizationType": "NONE"}
    (name,) = names
    return {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": f"{api}{name}Authorizer"}}


def _in_pascal_case(value: Any) -> Any:
    """Return properties as CloudFormation spells them. An OpenAPI document has them in camelCase."""
    if isinstance(value, Mapping):
        return {key if "::" in key else key[0].upper() + key[1:]: _in_pascal_case(each) for key, each in value.items()}
    return [_in_pascal_case(each) for each in value] if isinstance(value, list) else value


def without_unknown_conditions(policy: Mapping[str, Any]) -> Template:
    """Return a policy without the conditions that ministack does not know, for whoever calls AWS there."""
    document = deepcopy(dict(policy))
    for statement in _statements(document):
        _drop_from(statement, _UNKNOWN_KEYS)
    return document


def _drop_conditions(prefixes: tuple[str, ...]) -> Callable[[Template], list[str]]:
    """Return what drops each condition on a key of these prefixes from every policy of a template."""

    def replace(template: Template) -> list[str]:
        return [
            f"{name}.{statement.get('Sid', '?')}"
            for name, resource in template["Resources"].items()
            for statement in _statements(resource)
            if _drop_from(statement, prefixes)
        ]

    return replace


def _send_from_anywhere(template: Template) -> list[str]:
    """Let whoever may send mail send it from any identity and configuration set."""
    widened = []
    for name, resource in template["Resources"].items():
        for statement in _statements(resource):
            if statement.get("Action") == "ses:SendEmail" and statement["Resource"] != "*":
                statement["Resource"] = "*"
                widened.append(f"{name}.{statement.get('Sid', '?')}")
    return widened


def _drop_from(statement: Template, prefixes: tuple[str, ...]) -> bool:
    """Drop the conditions on keys of these prefixes, and say whether there were any."""
    before: Template = statement.get("Condition", {})
    after = {
        operator: {key: value for key, value in keys.items() if not key.startswith(prefixes)}
        for operator, keys in before.items()
    }
    statement["Condition"] = {operator: keys for operator, keys in after.items() if keys}
    if not statement["Condition"]:
        del statement["Condition"]
    return after != before


def _statements(value: Any) -> Iterator[Template]:
    """Find every statement of every policy in a resource."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        for each in value.values():
            yield from _statements(each)
    elif isinstance(value, list):
        for each in value:
            yield from _statements(each)


def _of_type(template: Template, type_: str) -> Iterator[tuple[str, Template]]:
    return ((name, resource) for name, resource in template["Resources"].items() if resource["Type"] == type_)


PIECES = (
    Piece(
        "resources of CodeDeploy",
        "dropped, and an alias gets its new version at once",
        "ministack has no CodeDeploy, so no canary and no rolling back by an alarm",
        _drop_codedeploy,
    ),
    Piece(
        "alarms on metric math",
        "dropped",
        "ministack makes alarms on one metric only",
        _drop_metric_math,
    ),
    Piece(
        "outputs with the DNS records of the mails' domain",
        "dropped",
        "ministack makes an identity in SES, without the attributes that name its DKIM records",
        _drop_dkim_records,
    ),
    Piece(
        "routes in the OpenAPI document that SAM makes of the functions' events",
        "written as resources, with their integrations and the authorizer",
        "ministack does not read an HTTP API's Body",
        _write_routes,
    ),
    Piece(
        "conditions on an item's key and attributes (dynamodb:)",
        "dropped, and the action on the table stays",
        "ministack does not know dynamodb:LeadingKeys, and dynamodb:Attributes only of reads",
        _drop_conditions(("dynamodb:",)),
    ),
    Piece(
        "conditions on an encryption context (kms:)",
        "dropped, and the roles of the key's policy stay",
        "ministack does not know them, although it opens nothing under another context",
        _drop_conditions(("kms:",)),
    ),
    Piece(
        "resources from which mail is sent",
        "replaced by any (*)",
        "ministack asks whether a role may send mail, and names no identity",
        _send_from_anywhere,
    ),
    Piece(
        "conditions on a mail's sender and an event's source (ses:, events:)",
        "dropped, and the action on the resource stays",
        "ministack does not know them",
        _drop_conditions(("ses:", "events:")),
    ),
)


def main(arguments: Sequence[str]) -> int:
    built, out = map(Path, arguments)
    try:
        template, replaced = deployable(built.resolve())
    except NothingToReplaceError as error:
        print(error, file=sys.stderr)
        return 1
    out.write_text(json.dumps(template, indent=2))
    print(f"Deployed to ministack in another way than to AWS:\n{report(replaced)}")
    return 0


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    sys.exit(main(sys.argv[1:]))
