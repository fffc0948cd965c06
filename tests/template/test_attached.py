"""What of an API of one's own runs beside Sallyport's, and how what does not is refused: in one line, with a name."""

import os
import re
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.sam import attached
from dev.sam.attached import Attached, refuse_collisions, start
from dev.sam.intrinsics import Scope
from dev.sam.references import undeclared
from dev.sam.stack import read as read_sallyport
from dev.sam.template import CannotRunError, FunctionSpec, Route, as_cloudformation

AUTHORIZER = "arn:aws:lambda:us-east-1:123456789012:function:Authorizer"
EXPORTS = {"sallyport-AuthorizerArn": AUTHORIZER, "sallyport-Audience": "sallyport"}

AUTHORIZERS = """
      Auth:
        DefaultAuthorizer: Guard
        Authorizers:
          Guard:
            FunctionArn: {"Fn::ImportValue": !Sub "${SallyportStack}-AuthorizerArn"}
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
"""
TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  SallyportStack: {Type: String, Default: sallyport}
  Size: {Type: Number, Default: 3}
  Colours: {Type: CommaDelimitedList, Default: "red,green"}
Conditions:
  IsLarge: !Not [!Equals [!Ref Size, 3]]
Globals:
  Function:
    Runtime: python3.13
    Handler: app.lambda_handler
    CodeUri: code
    Environment: {Variables: {SIZE: !Ref Size}}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:@AUTH@
  F:
    Type: AWS::Serverless::Function
    Properties:
      AutoPublishAlias: live
      Environment:
        Variables:
          ENABLED: true
          FIRST: !Select [0, !Ref Colours]
          BOTH: !Join ["/", !Ref Colours]
          WHERE: !Sub ["${AWS::Region}-${What}-${Size}", {What: {"Fn::ImportValue": !Sub "${SallyportStack}-Audience"}}]
          LARGE: !If [IsLarge, yes, !Ref AWS::NoValue]
          WHO: !GetAtt F.Arn
      Events:
        Protected: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: GET, Path: "/items/{id}"}}
        Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Method: ANY, Path: /open, Auth: {Authorizer: NONE}}}
        Rest: {Type: HttpApi, Properties: {ApiId: !Ref Api}}
@MORE@
"""


def read(folder: Path, text: str = TEMPLATE, more: str = "", auth: str = AUTHORIZERS, **parameters: str) -> Attached:
    (folder / "template.yaml").write_text(text.replace("@AUTH@", auth).replace("@MORE@", indent(more, "  ")))
    return attached.read(folder / "template.yaml", parameters, EXPORTS, {"SHELL": "x", "SIZE": ""})


@pytest.fixture(autouse=True)
def _region(cloud: Cloud) -> None:
    """samtranslator asks boto3 for the Region."""


def test_a_route_asks_the_default_authorizer_unless_it_says_none(tmp_path: Path) -> None:
    assert read(tmp_path).routes == {
        ("GET", "/items/{id}"): Route("GET /items/{id}", "attached-F", "Authorizer"),
        ("ANY", "/open"): Route("ANY /open", "attached-F", None),
        ("ANY", "$default"): Route("$default", "attached-F", "Authorizer"),
    }


def test_a_function_gets_what_globals_parameters_and_cloudformations_functions_give_it(tmp_path: Path) -> None:
    assert read(tmp_path).functions == {"attached-F": FunctionSpec(
        "attached-F",
        tmp_path / "code",
        {
            "SIZE": "3", "ENABLED": "true", "FIRST": "red", "WHERE": "us-east-1-sallyport-3",
            "WHO": "arn:aws:lambda:us-east-1:123456789012:function:attached-F", "BOTH": "red/green",
        },
        3,
    )}  # fmt: skip


def test_parameters_that_are_given_replace_the_defaults(tmp_path: Path) -> None:
    environment = read(tmp_path, Size="4", Colours="blue").functions["attached-F"].environment

    assert (environment["SIZE"], environment["FIRST"], environment["LARGE"]) == ("4", "blue", "true")


def test_the_shells_variables_replace_the_templates_and_stand_in_for_what_does_not_exist_here(tmp_path: Path) -> None:
    text = TEMPLATE.replace("ENABLED: true", "SHELL: !GetAtt Queue.Arn")

    environment = read(tmp_path, text, "Queue: {Type: AWS::SQS::Queue}").functions["attached-F"].environment

    assert environment["SHELL"] == "x"


def test_what_no_route_calls_need_not_run_here(tmp_path: Path) -> None:
    variables = "Environment: {Variables: {A: !GetAtt Q.Arn}}"
    more = f"Other: {{Type: AWS::Serverless::Function, Properties: {{Runtime: nodejs24.x, {variables}}}}}"

    assert read(tmp_path, more=f"{more}\nQ: {{Type: AWS::SQS::Queue}}").functions.keys() == {"attached-F"}


def test_what_a_condition_leaves_out_is_not_there(tmp_path: Path) -> None:
    more = f"{WEBSOCKET}\n".replace("Type", "Condition: IsLarge, Type", 1)

    assert read(tmp_path, more=more).routes
    with pytest.raises(CannotRunError, match="Socket is a WebSocket API"):
        read(tmp_path, more=more, Size="4")


def test_sallyports_exports_are_resolved_as_its_template_says(cloud: Cloud) -> None:
    exports = read_sallyport(table_name="t", kms_key_id="k", given={"Audience": "shop"}).exports

    assert exports == {
        "sallyport-Url": "https://Api.execute-api.us-east-1.amazonaws.com",
        "sallyport-Issuer": "https://Api.execute-api.us-east-1.amazonaws.com",
        "sallyport-Audience": "shop",
        "sallyport-AuthorizerArn": AUTHORIZER,
        "sallyport-AuthorizerInvokeUri": (
            f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{AUTHORIZER}/invocations"
        ),
        "sallyport-TableName": "t",
    }


JWT = """
      Auth:
        DefaultAuthorizer: Tokens
        Authorizers:
          Tokens:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: "https://x", audience: [a]}
"""
SECOND_API = """Second: {Type: AWS::Serverless::HttpApi}
G:
  Type: AWS::Serverless::Function
  Properties: {Events: {E: {Type: HttpApi, Properties: {ApiId: !Ref Second, Method: GET, Path: /g}}}}"""
REST = """G:
  Type: AWS::Serverless::Function
  Properties: {Events: {E: {Type: Api, Properties: {Method: GET, Path: /g}}}}"""
WEBSOCKET = "Socket: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: x, ProtocolType: WEBSOCKET}}"
PLAIN = "Plain: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: x, ProtocolType: HTTP}}"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("@AUTH@", JWT, "GET /items/{id}: the authorizer Tokens is no Lambda function; API Gateway alone runs it"),
        ("Default: sallyport", "Default: other", 'the authorizer Guard: nobody exports "other-AuthorizerArn" here'),
        ('"2.0"', '"1.0"', "only those with payload 2.0 and simple responses run here"),
        ("EnableSimpleResponses: true", "EnableSimpleResponses: false", "only those with payload 2.0 and simple"),
        ("ReauthorizeEvery: 0", "ReauthorizeEvery: 300", "the authorizer Guard caches answers"),
        ("[Authorization]", "[X-Token]", "must have one identity source, the header Authorization"),
        ("[Authorization]", "[Authorization, X]", "must have one identity source, the header Authorization"),
        (
            "SallyportStack: {Type: String, Default: sallyport}",
            "Other: {Type: String, Default: x}",
            "it refers to SallyportStack and declares no parameter or resource of that name",
        ),
        (
            "WHO: !GetAtt F.Arn",
            'WHO: !Join ["", [!GetAtt Who.Arn, !Ref Which, !Sub "${What.Arn} ${Size}"]]',
            "it refers to What, Which, Who and declares no parameter or resource of that name",
        ),
        ("@MORE@", REST, "ServerlessRestApi is a REST API; only HTTP APIs run here"),
        ("@MORE@", WEBSOCKET, "Socket is a WebSocket API; only HTTP APIs run here"),
        ("@MORE@", PLAIN, "Plain: of HTTP APIs only AWS::Serverless::HttpApi runs here"),
        ("@MORE@", SECOND_API, "it has 2 HTTP APIs; one runs here"),
        ("python3.13", "nodejs24.x", "attached-F: only functions in Python with a local CodeUri run here"),
        (
            "CodeUri: code",
            "CodeUri: {Bucket: b, Key: k}",
            "attached-F: only functions in Python with a local CodeUri run here",
        ),
        ("!GetAtt F.Arn", "!GetAtt Api.ApiEndpoint", "attached-F: give WHO in the environment"),
        (
            ", Default: sallyport",
            "",
            "its parameter SallyportStack has no default: give --parameter SallyportStack=...",
        ),
        (
            "Method: GET, ",
            "Method: GET, PayloadFormatVersion: '1.0', ",
            "only functions with payload format 2.0 run here",
        ),
        ("Runtime: python3.13", "Colour: red", "'Globals' section is invalid"),
        (TEMPLATE, "a: [", "this is no YAML: while parsing"),
        ("ENABLED: true", "on: true", "it is not understood: TypeError: "),
        ("Type: AWS::Serverless::HttpApi", "Type: AWS::Serverless::Nonsense", "it has 0 HTTP APIs"),
        (TEMPLATE, "", "this is no SAM template: it has no Resources"),
        (TEMPLATE, "[]", "this is no SAM template: it has no Resources"),
        (TEMPLATE, "Resources: {A: 1}", "this is no SAM template: it has no Resources"),
        (TEMPLATE, "Resources: {A: {Type: AWS::SQS::Queue}}", "it has 0 HTTP APIs; one runs here"),
    ],
)
def test_a_template_that_does_not_run_here_is_refused_in_one_line_that_says_why(
    tmp_path: Path, old: str, new: str, why: str
) -> None:
    text = TEMPLATE.replace("@AUTH@", AUTHORIZERS) if old != "@AUTH@" else TEMPLATE
    assert old in text or old == TEMPLATE
    text = new if old == TEMPLATE else text.replace(old, indent(new, "  ") if old == "@MORE@" else new)

    with pytest.raises(CannotRunError) as refused:
        read(tmp_path, text)

    assert why in str(refused.value)
    assert str(refused.value).startswith(f"{tmp_path}/template.yaml")
    assert "\n" not in str(refused.value)


REFERENCES = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Size: {Type: Number, Default: 3}}
Resources:
  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: code}}
  F:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: a.b, Runtime: python3.13, AutoPublishAlias: live}
  P: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: @VALUE@}}
"""


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("!Ref Size", []),
        ("!Ref AWS::Region", []),
        ('!Sub "${Layer} ${F.Alias} ${F.Version} ${FRole.Arn}"', []),  # what SAM makes
        ('!Sub "${!Literal} ${AWS::StackName}"', []),
        ('!Sub ["${Mine} ${Yours.Arn}", {Mine: !Ref Theirs}]', ["Theirs", "Yours"]),
        ("{Fn::GetAtt: Elsewhere.Arn}", ["Elsewhere"]),
        ('{Fn::ImportValue: !Sub "${Stack}-Url"}', ["Stack"]),
        ("[{a: !Ref One}, {b: [!Ref Two, !Ref Two]}]", ["One", "Two"]),
    ],
)
def test_every_name_that_a_template_refers_to_and_does_not_declare_is_found(value: str, names: list[str]) -> None:
    translated, _ = as_cloudformation(REFERENCES.replace("@VALUE@", value))

    assert undeclared(translated) == names


def test_an_unknown_parameter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotRunError, match=r"it has no parameter Colour$"):
        read(tmp_path, Colour="red")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(CannotRunError):
        attached.read(tmp_path / "template.yaml", {}, EXPORTS, {})


WRITTEN_OUT = """
      DefinitionBody:
        openapi: 3.0.1
        security: [{Guard: []}]
        paths:
          /default: {get: {x-amazon-apigateway-integration: &function {type: aws_proxy, payloadFormatVersion: "2.0",
            uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"}}}
          /open: {get: {security: [], x-amazon-apigateway-integration: *function}}
        components:
          securitySchemes:
            Guard:
              type: apiKey
              in: header
              name: Authorization
              x-amazon-apigateway-authorizer:
                type: request
                identitySource: $request.header.Authorization
                authorizerPayloadFormatVersion: "2.0"
                enableSimpleResponses: true
                authorizerUri: !Sub
                  - "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Authorizer}/invocations"
                  - Authorizer: {"Fn::ImportValue": !Sub "${SallyportStack}-AuthorizerArn"}
"""


def without_events(text: str) -> str:
    return text[: text.index("      Events:")]


def test_an_api_that_is_written_out_in_openapi_asks_the_authorizer_that_it_names_for_all_routes(tmp_path: Path) -> None:
    assert read(tmp_path, without_events(TEMPLATE), auth=WRITTEN_OUT).routes == {
        ("GET", "/default"): Route("GET /default", "attached-F", "Authorizer"),
        ("GET", "/open"): Route("GET /open", "attached-F", None),
    }


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "security: []",
            "security: [], x-amazon-apigateway-auth: {type: AWS_IAM}",
            "GET /open: this way of authorizing",
        ),
        ("security: []", "security: [{Guard: []}, {Other: []}]", "GET /open: this way of authorizing"),
        ("security: []", "security: [{Other: []}]", "KeyError: 'Other'"),
        (
            "header.Authorization",
            "querystring.token",
            "GET /default: the authorizer Guard must have one identity source",
        ),
        ("type: aws_proxy", "type: http_proxy", "GET /default: only functions with payload format 2.0 run here"),
        ("${F.Arn}", "arn:aws:lambda:us-east-1:1:function:G", "GET /default: G is no function of this template"),
        ("${F.Arn}", "x", "GET /default: it names no function that runs here"),
    ],
)
def test_no_other_way_of_authorizing_leaves_a_route_open(tmp_path: Path, old: str, new: str, why: str) -> None:
    assert old in WRITTEN_OUT

    with pytest.raises(CannotRunError, match=re.escape(why)):
        read(tmp_path, without_events(TEMPLATE), auth=WRITTEN_OUT.replace(old, new))


@pytest.mark.parametrize(
    ("path", "is_taken"),
    [
        ("/auth/login", True), ("/auth/sessions/{x}", True), ("/_dev/clock", True), ("/_dev/stack", True),
        ("/auth/{x}", False), ("/{proxy+}", False), ("$default", False), ("/auth/login/x", False), ("/login", False),
    ],
)  # fmt: skip
def test_a_route_of_sallyports_own_path_is_refused_whatever_its_method(path: str, is_taken: bool) -> None:
    ours = {("POST", "/auth/login"): Route("", "", None), ("DELETE", "/auth/sessions/{sid}"): Route("", "", None)}
    theirs = {("PUT", path): Route(f"PUT {path}", "F", None)}

    if not is_taken:
        refuse_collisions(Path("t.yaml"), theirs, ours)
        return
    with pytest.raises(CannotRunError, match=r"t\.yaml: PUT \S+ is a path of Sallyport's own API"):
        refuse_collisions(Path("t.yaml"), theirs, ours)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (None, "ModuleNotFoundError: No module named 'app'"),
        ("import nowhere_to_be_found", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("def f(", "SyntaxError: "),
        ("x = 1", "AttributeError: module 'app' has no attribute 'lambda_handler'"),
        ("raise RuntimeError('a\\nb')", "RuntimeError: a b"),
    ],
)
def test_a_function_that_does_not_load_is_one_line(tmp_path: Path, code: str | None, why: str) -> None:
    if code is not None:
        (tmp_path / "app.py").write_text(code)

    with pytest.raises(CannotRunError) as refused:
        start({"attached-F": FunctionSpec("attached-F", tmp_path, {}, 3)})

    assert str(refused.value).startswith(f"attached-F does not load: {why}")
    assert "\n" not in str(refused.value)


def test_two_functions_with_modules_and_variables_of_the_same_names_do_not_see_each_others(tmp_path: Path) -> None:
    specs = {}
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "names.py").write_text(f"NAME = {name!r}")
        (folder / "app.py").write_text(
            "import os\nfrom names import NAME\ndef lambda_handler(event, context):\n"
            "    return [NAME, os.environ['WHO'], 'WHO' in os.environ, os.environ.copy()['WHO'], os.getenv('HOME')]\n"
        )
        specs[name] = FunctionSpec(name, folder, {"WHO": f"I am {name}"}, 3)

    started = start(specs)

    for name in ("one", "two", "one"):
        assert started[name].invoke({})[:4] == [name, f"I am {name}", True, f"I am {name}"]


def test_what_a_function_sets_among_its_variables_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import os\ndef lambda_handler(event, context):\n"
        "    os.environ['WHO'] = os.environ['NEW'] = 'mine'\n"
        "    seen = [os.environ['WHO'], (os.environ | {'B': '2'})['NEW'], ({'WHO': 'x'} | os.environ)['WHO']]\n"
        "    del os.environ['NEW']\n"
        "    return [*seen, os.environ.pop('NEW', None), os.environ.pop('WHO')]\n"
    )
    started = start({"F": FunctionSpec("F", tmp_path, {"WHO": "me"}, 3)})

    assert started["F"].invoke({}) == ["mine", "mine", "mine", None, "mine"]
    assert {"WHO", "NEW"}.isdisjoint(os.environ)


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, {"Fn::If": ["Both", 3, 4]}]}, 4),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::If": ["Named", 1, 2]}, 1),
        ([1, {"Ref": "AWS::NoValue"}], [1]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ({"Fn::GetAtt": ["A", "Arn"]}, "arn:a"),
        ({"Fn::GetAtt": ["B", "Arn"]}, {"Fn::GetAtt": ["B", "Arn"]}),
        ({"Fn::Sub": "${!x} and ${A}"}, {"Fn::Sub": "${!x} and ${A}"}),
        ({"Fn::Sub": ["${x}-${x}", {"x": {"Fn::ImportValue": "e"}}]}, "v-v"),
        ({"Fn::ImportValue": {"Ref": "Unknown"}}, {"Fn::ImportValue": {"Ref": "Unknown"}}),
        ({"Fn::Join": ["-", ["a", {"Ref": "Unknown"}]]}, {"Fn::Join": ["-", ["a", {"Ref": "Unknown"}]]}),
        ({"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "b"),
        ({"Fn::Unknown": {"Fn::ImportValue": "e"}}, {"Fn::Unknown": "v"}),
    ],
)
def test_cloudformations_functions_are_resolved_or_left_as_they_stand(value: Any, resolved: Any) -> None:
    yes, no = {"Fn::Equals": ["1", 1]}, {"Fn::Not": [{"Fn::Equals": ["a", "a"]}]}
    conditions = {"Yes": yes, "No": no, "Both": {"Fn::And": [yes, no]}, "Either": {"Fn::Or": [yes, no]}}
    scope = Scope({**conditions, "Named": {"Condition": "Yes"}}, {"A.Arn": "arn:a"}, {"e": "v"})

    assert scope.resolve(value) == resolved
