"""The names on docs/terraform.md: parameters and outputs of the template, members of API Gateway's and Lambda's API."""

import re
from collections.abc import Mapping

import boto3
import pytest

from dev.aws.cloud import Cloud
from dev.sam.template import ROOT, as_cloudformation

PAGE = (ROOT / "docs/terraform.md").read_text()
MEMBERS = {"identity_sources": "identity_source"}  # Terraform's word for it


def members(service: str, operation: str) -> set[str]:
    shape = boto3.client(service).meta.service_model.operation_model(operation).input_shape  # type: ignore[call-overload]  # unknown to the stubs
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", member).lower() for member in shape.members}


def blocks() -> Mapping[str, dict[str, str]]:
    """Return what each resource of the page is given, Terraform's and the CDK's."""
    found = re.findall(r'resource "(\w+)" "\w+" \{\n(.*?)^ *\}$', PAGE, re.MULTILINE | re.DOTALL)
    found += re.findall(r"\.(Cfn\w+)\(\n(.*?)^\)$", PAGE, re.MULTILINE | re.DOTALL)
    return {kind: dict(re.findall(r"^ *(\w+) *= *(.+?),?(?: +#.*)?$", body, re.MULTILINE)) for kind, body in found}


@pytest.mark.parametrize("kind", ["aws_apigatewayv2_authorizer", "CfnAuthorizer"])
def test_the_authorizer_is_one_that_api_gateway_knows_and_caches_nothing(cloud: Cloud, kind: str) -> None:
    given = blocks()[kind]

    assert {MEMBERS.get(name, name) for name in given} <= members("apigatewayv2", "CreateAuthorizer")
    assert given["authorizer_result_ttl_in_seconds"].rstrip(",").split()[0] == "0"
    assert given["authorizer_payload_format_version"] == '"2.0"'
    assert given["enable_simple_responses"].lower() == "true"
    assert "AuthorizerInvokeUri" in given["authorizer_uri"]


@pytest.mark.parametrize("kind", ["aws_lambda_permission", "CfnPermission"])
def test_api_gateway_may_call_the_authorizer_by_its_alias(cloud: Cloud, kind: str) -> None:
    given = blocks()[kind]

    assert given.keys() <= members("lambda", "AddPermission")
    assert "AuthorizerArn" in given["function_name"]


def test_every_parameter_and_output_on_the_page_is_one_of_the_templates(cloud: Cloud) -> None:
    document = as_cloudformation()[0]
    (parameters,) = re.findall(r"parameters = \{\n(.*?)\}", PAGE, re.DOTALL)
    named = {*re.findall(r'outputs\["(\w+)"\]', PAGE), *re.findall(r'"sallyport-(\w+)"', PAGE)}
    rows = {name for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE) for name in row.split(", ")}
    has_no_default = {name for name, parameter in document["Parameters"].items() if "Default" not in parameter}

    assert set(re.findall(r"^ *(\w+) *=", parameters, re.MULTILINE)) == has_no_default | {"Release"}
    assert named == {"AuthorizerInvokeUri", "AuthorizerArn"}
    assert {name.strip("`") for name in rows} | named <= document["Outputs"].keys()
    exports = {name for name, output in document["Outputs"].items() if "Export" in output}
    assert named <= exports


def test_the_uri_that_they_call_is_that_of_the_alias(cloud: Cloud) -> None:
    outputs = as_cloudformation()[0]["Outputs"]

    text, values = outputs["AuthorizerInvokeUri"]["Value"]["Fn::Sub"]
    assert text.endswith(":lambda:path/2015-03-31/functions/${Alias}/invocations")
    assert values == {"Alias": outputs["AuthorizerArn"]["Value"]}


def test_the_template_is_too_large_for_a_call_but_not_for_a_bucket() -> None:
    size = len((ROOT / "template.yaml").read_bytes())

    assert 51_200 < size < 1_000_000
