"""The examples' templates, as CloudFormation would read them beside Sallyport's own."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.aws.cloud import Cloud
from dev.sam.stack import read as read_sallyport
from dev.sam.template import ACCOUNT, REGION, ROOT, as_cloudformation, of_type, resolve

TEMPLATES = sorted(ROOT.glob("examples/*/template.yaml"))
NAMES = [template.parent.name for template in TEMPLATES]
WITH_OUR_AUTHORIZER = [name for name in NAMES if name != "protected_jwt"]
OPEN = {
    "protected_http": {"get /greeting"},
    "protected_rest": {"options /orders", "options /orders/{order_id}"},  # preflights
}

Resources = Mapping[str, Mapping[str, Any]]

every_example = pytest.mark.parametrize("example", NAMES)


@pytest.fixture(scope="module")
def exports(cloud: Cloud) -> Mapping[str, str]:
    return read_sallyport(table_name="table", kms_key_id="key").exports


def resources_of(example: str, exports: Mapping[str, str]) -> Resources:
    text = (ROOT / "examples" / example / "template.yaml").read_text()
    translated, parameters = as_cloudformation(text)
    resources: Resources = resolve(translated, parameters, {}, stack_name="example", imports=exports)["Resources"]
    return resources


def apis_of(resources: Resources) -> list[tuple[str, Mapping[str, Any]]]:
    return [*of_type(resources, "AWS::ApiGatewayV2::Api"), *of_type(resources, "AWS::ApiGateway::RestApi")]


def schemes_of(api: Mapping[str, Any]) -> Mapping[str, Any]:
    body = api.get("Body", {})
    schemes: Mapping[str, Any] = body.get("components", {}).get("securitySchemes") or body.get(
        "securityDefinitions", {}
    )
    return {name: scheme["x-amazon-apigateway-authorizer"] for name, scheme in schemes.items()}


def authorizers_of(resources: Resources) -> Iterator[Mapping[str, Any]]:
    for _, api in apis_of(resources):
        yield from schemes_of(api).values()
    for _, authorizer in of_type(resources, "AWS::ApiGatewayV2::Authorizer"):
        yield authorizer


def test_there_is_an_example_of_each_kind_of_api() -> None:
    assert NAMES == ["protected_http", "protected_jwt", "protected_rest", "protected_websocket"]


@every_example
def test_every_import_names_what_sallyport_exports(example: str, exports: Mapping[str, str]) -> None:
    resources = resources_of(example, exports)

    assert "Fn::ImportValue" not in json.dumps(resources)
    assert "Fn::ImportValue" in json.dumps(resources_of(example, {}))


@every_example
def test_which_stack_is_asked_is_a_parameter_whose_default_is_the_name_that_make_deploy_gives(example: str) -> None:
    document = yaml_parse((ROOT / "examples" / example / "template.yaml").read_text())

    assert document["Parameters"]["SallyportStack"]["Default"] == "sallyport"
    assert 'stack_name = "sallyport"' in (ROOT / "samconfig.toml").read_text()


def test_what_is_exported_as_the_authorizer_is_its_alias_which_meets_published_versions_only(cloud: Cloud) -> None:
    translated, _ = as_cloudformation()

    (alias,) = (n for n, p in of_type(translated["Resources"], "AWS::Lambda::Alias") if n.startswith("Authorizer"))
    assert translated["Outputs"]["AuthorizerArn"]["Value"] == {"Ref": alias}


@pytest.mark.parametrize("example", WITH_OUR_AUTHORIZER)
def test_every_authorizer_is_sallyports_asked_for_the_header_authorization(
    example: str, exports: Mapping[str, str]
) -> None:
    authorizers = list(authorizers_of(resources_of(example, exports)))

    assert len(authorizers) == (2 if example == "protected_rest" else 1)
    for authorizer in authorizers:
        uri = authorizer.get("authorizerUri") or authorizer["AuthorizerUri"]
        assert exports["sallyport-AuthorizerArn"] in json.dumps(uri)
        assert "Fn::Sub" not in json.dumps(uri)


IDENTITY_SOURCES = {
    "protected_http": [["$request.header.Authorization"]],
    "protected_jwt": ["$request.header.Authorization"],
    "protected_websocket": [["route.request.header.Authorization"]],
}


@pytest.mark.parametrize("example", IDENTITY_SOURCES)
def test_the_identity_source_is_the_header_authorization(example: str, exports: Mapping[str, str]) -> None:
    resources = resources_of(example, exports)
    sources = [a.get("identitySource") or a["IdentitySource"] for a in authorizers_of(resources)]

    assert sources == IDENTITY_SOURCES[example]


def test_the_identity_source_of_both_rest_authorizers_is_the_header_authorization(exports: Mapping[str, str]) -> None:
    ((_, api),) = apis_of(resources_of("protected_rest", exports))
    definitions = api["Body"]["securityDefinitions"]

    assert definitions["ByToken"]["name"] == "Authorization"
    assert schemes_of(api)["ByRequest"]["identitySource"] == "method.request.header.Authorization"
    assert {name: scheme["type"] for name, scheme in schemes_of(api).items()} == {
        "ByToken": "token", "ByRequest": "request"
    }  # fmt: skip


def test_a_page_can_read_what_the_rest_api_refuses_by_itself(exports: Mapping[str, str]) -> None:
    """Or its client sees no status, takes the denial for a dead network, and never refreshes."""
    ((_, api),) = apis_of(resources_of("protected_rest", exports))
    allowed = {"gatewayresponse.header.Access-Control-Allow-Origin": "'https://app.example.com'"}
    preflight = api["Body"]["paths"]["/orders"]["options"]["x-amazon-apigateway-integration"]

    refusals = api["Body"]["x-amazon-apigateway-gateway-responses"]
    assert refusals.keys() == {"DEFAULT_4XX", "DEFAULT_5XX"}  # UNAUTHORIZED, ACCESS_DENIED, a crash: all of them
    for refusal in refusals.values():
        assert refusal["responseParameters"].items() >= allowed.items()
    told = preflight["responses"]["default"]["responseParameters"]
    assert told["method.response.header.Access-Control-Allow-Origin"] == "'https://app.example.com'"
    assert "authorization" in told["method.response.header.Access-Control-Allow-Headers"]


@pytest.mark.parametrize("example", ["protected_http", "protected_rest"])
def test_no_answer_of_an_authorizer_is_cached(example: str, exports: Mapping[str, str]) -> None:
    """REST APIs cache for 300 s unless told not to. WebSocket APIs have no cache."""
    for authorizer in authorizers_of(resources_of(example, exports)):
        assert authorizer["authorizerResultTtlInSeconds"] == 0


@pytest.mark.parametrize("example", WITH_OUR_AUTHORIZER)
def test_api_gateway_may_call_the_imported_authorizer_for_this_api_alone(
    example: str, exports: Mapping[str, str]
) -> None:
    resources = resources_of(example, exports)
    ((api, _),) = apis_of(resources)
    permissions = [
        permission
        for _, permission in of_type(resources, "AWS::Lambda::Permission")
        if permission["FunctionName"] == exports["sallyport-AuthorizerArn"]
    ]

    assert permissions
    for permission in permissions:
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"].startswith(f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/authorizers/")


@pytest.mark.parametrize("example", ["protected_http", "protected_jwt", "protected_rest"])
def test_every_route_but_the_open_ones_asks_an_authorizer(example: str, exports: Mapping[str, str]) -> None:
    ((_, api),) = apis_of(resources_of(example, exports))
    asked = {
        f"{method} {path}": {name for requirement in operation.get("security", []) for name in requirement}
        for path, operations in api["Body"]["paths"].items()
        for method, operation in operations.items()
    }

    assert {route for route, names in asked.items() if not names - {"NONE"}} == OPEN.get(example, set())
    assert set().union(*asked.values()) - {"NONE"} == schemes_of(api).keys()


def test_a_websocket_connects_through_the_authorizer_only(exports: Mapping[str, str]) -> None:
    resources = resources_of("protected_websocket", exports)
    routes = {route["RouteKey"]: route for _, route in of_type(resources, "AWS::ApiGatewayV2::Route")}
    ((authorizer, _),) = of_type(resources, "AWS::ApiGatewayV2::Authorizer")

    assert routes.keys() == {"$connect", "$disconnect", "$default"}
    assert (routes["$connect"]["AuthorizationType"], routes["$connect"]["AuthorizerId"]) == ("CUSTOM", authorizer)


def test_the_native_jwt_authorizer_knows_sallyports_issuer_and_audience(exports: Mapping[str, str]) -> None:
    (authorizer,) = authorizers_of(resources_of("protected_jwt", exports))

    assert authorizer["type"] == "jwt"
    assert authorizer["jwtConfiguration"] == {
        "issuer": exports["sallyport-Issuer"], "audience": [exports["sallyport-Audience"]]
    }  # fmt: skip


def test_an_api_whose_issuer_does_not_answer_is_not_deployed_without_its_authorizer(exports: Mapping[str, str]) -> None:
    """An import of OpenAPI that cannot make an authorizer only warns."""
    ((_, api),) = apis_of(resources_of("protected_jwt", exports))

    assert api["FailOnWarnings"] is True


@every_example
def test_every_functions_code_is_there(example: str, exports: Mapping[str, str]) -> None:
    functions = list(of_type(resources_of(example, exports), "AWS::Lambda::Function"))

    assert functions
    for _, properties in functions:
        assert (ROOT / "examples" / example / properties["Code"]["S3Key"] / "app.py").is_file()
        assert properties["Handler"] == "app.lambda_handler"
