"""What template.yaml promises, read as CloudFormation would read it."""

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.aws.cloud import Cloud
from dev.aws.deployment import describe
from dev.sam.stack import Stack, read, translate, whole
from dev.sam.template import TEMPLATE, as_cloudformation, routes_of
from ops.deploy import LONGEST_RELEASE, release_at
from sallyport import gateway_settings, settings
from sallyport.accounts.decoys import DECOYS
from sallyport.accounts.user import User, new_user
from sallyport.aws.dynamodb.user_items import keys_of
from sallyport.errors import SettingsError
from sallyport.revocation.window import OVERLAP_MS
from sallyport.wiring.setup import EverySetting
from tests.support.iam import allows, listed
from tests.support.tokens import ISSUER

FUNCTIONS = [
    "Account",
    "Authorizer",
    "Login",
    "Logout",
    "Mailer",
    "Password",
    "Refresh",
    "Register",
    "RotateKeys",
    "Setup",
    "Verify",
    "Wellknown",
]
UNSERVED = ("RotateKeys", "Setup")
GROUPS = [
    settings.TokenTimes,
    settings.AccessTokens,
    settings.SessionUse,
    settings.Rotation,
    settings.Revocation,
    settings.RevocationShards,
    settings.Audit,
    settings.NewPasswords,
    settings.Logins,
]
CHOOSING = [
    settings.Common,
    settings.Revocation,
    settings.ContextRoles,
    settings.Denials,
    settings.KeyMaking,
    settings.Registration,
    settings.NewPasswords,
    settings.MailCodes,
    gateway_settings.Domain,
]
ONLY_LOCAL = {"DYNAMODB_ENDPOINT_URL"}
NOT_SETTINGS = {  # what only the template uses
    "Architecture",
    "CreateDashboard",
    "DeletionProtection",
    "Deployment",
    "Events",
    "ExistingKeyArn",
    "ExistingStreamArn",
    "ExistingTableArn",
    "LogRetentionDays",
    "LoginConcurrency",
    "LoginFloodThreshold",
    "LoginRequestBurst",
    "LoginRequestsPerSecond",
    "LostKeyArn",
    "MailIdentity",
    "PermissionsBoundaryArn",
    "Release",
    "RequestBurst",
    "RequestsPerSecond",
    "RouteMetrics",
    "SnapStart",
    "VerifyRequestBurst",
    "VerifyRequestsPerSecond",
}
PUBLIC = {
    "POST /auth/login",
    "POST /auth/refresh",
    "POST /auth/logout",
    "POST /auth/register",
    "POST /auth/verify-email",
    "POST /auth/password/forgot",
    "POST /auth/password/reset",
    "GET /.well-known/jwks.json",
    "GET /.well-known/openid-configuration",
    "ANY /auth/verify",
    "ANY /auth/verify/{proxy+}",
}
ASKED_BY_GATEWAYS = {"ANY /auth/verify", "ANY /auth/verify/{proxy+}"}


FLOODED = {route for route in PUBLIC if route.startswith("POST")} - {"POST /auth/refresh", "POST /auth/logout"}


@pytest.fixture(scope="module")
def described(cloud: Cloud) -> Stack:
    return read(table_name="table", kms_key_id="key")


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> dict[str, Any]:
    return dict(translate(table_name="table", kms_key_id="key"))


def statements(resources: dict[str, Any], function: str) -> Iterator[dict[str, Any]]:
    for policy in resources[f"{function}Role"]["Properties"]["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def key_prefixes(resources: dict[str, Any], function: str) -> set[str]:
    return {
        prefix
        for statement in statements(resources, function)
        for prefix in statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", [])
    }


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_told_exactly_the_settings_that_it_uses(described: Stack, function: str) -> None:
    folder = described.functions[function].folder.name
    wiring = importlib.import_module(f"sallyport.wiring.{folder}")
    used = {field.name.upper() for field in dataclasses.fields(wiring.Settings)}

    assert described.functions[function].environment.keys() == used - ONLY_LOCAL


def test_every_function_folder_is_in_the_template(described: Stack) -> None:
    assert set(described.functions) == set(FUNCTIONS)
    for spec in described.functions.values():
        assert (spec.folder / "app.py").is_file()


def test_every_route_asks_the_authorizer_or_stands_on_the_public_list(described: Stack) -> None:
    for route in described.routes.values():
        assert (route.authorizer is None) == (route.key in PUBLIC), route.key
        assert route.authorizer in (None, "Authorizer")


def test_a_revocation_is_written_while_polls_still_look_back_so_far(
    described: Stack, resources: dict[str, Any]
) -> None:
    """Its timestamp is at most as old as its function may be, and a minute is left for clocks that differ."""
    revoking = {name for name in described.functions if "REVOKED#*" in key_prefixes(resources, name)}
    slowest = max(described.functions[name].timeout for name in revoking)

    assert slowest + 60 <= OVERLAP_MS // 1000


def test_no_answer_of_the_authorizer_is_cached(resources: dict[str, Any]) -> None:
    (scheme,) = resources["Api"]["Properties"]["Body"]["components"]["securitySchemes"].values()

    assert scheme["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_names_its_actions_resources_and_key_prefixes(resources: dict[str, Any], function: str) -> None:
    assert "ManagedPolicyArns" not in resources[f"{function}Role"]["Properties"]
    for statement in statements(resources, function):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not any("*" in action for action in actions)
        assert statement["Resource"] != "*" or {action.split(":")[0] for action in actions} == {"xray"}
        if actions[0].startswith("dynamodb:"):
            assert statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert statement["Condition"]["Null"]["dynamodb:LeadingKeys"] == "false"  # for ForAllValues is true without
            assert not {"dynamodb:Scan", "dynamodb:PartiQLSelect"} & set(actions)


def test_every_role_has_the_permissions_boundary_that_was_given(cloud: Cloud) -> None:
    """Those too that SAM makes: for the schedule and for canaries."""
    for given in ("", "arn:aws:iam::123456789012:policy/boundary"):
        resources = translate(table_name="t", kms_key_id="k", given={"PermissionsBoundaryArn": given})
        found = {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::IAM::Role"}

        assert len(found) > len(FUNCTIONS)
        for name, role in found.items():
            assert role.get("PermissionsBoundary", "") == given, name


def test_the_boundary_that_the_page_shows_is_wide_enough_for_every_role(cloud: Cloud) -> None:
    page = (TEMPLATE.parent / "docs/deploying.md").read_text()
    (shown,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    boundary = json.loads(shown)["Statement"]
    resources = translate(table_name="t", kms_key_id="k")
    used = [
        action
        for resource in resources.values()
        if resource["Type"] == "AWS::IAM::Role"
        for policy in resource["Properties"].get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    ]

    assert {"dynamodb:Query", "lambda:InvokeFunction"} <= set(used)
    for action in [*used, "kms:Encrypt", "kms:Decrypt", "lambda:UpdateAlias", "cloudwatch:DescribeAlarms"]:
        assert allows(boundary, action), action


def test_only_those_who_check_passwords_read_credentials(resources: dict[str, Any]) -> None:
    assert {f for f in FUNCTIONS if "CREDENTIAL#*" in key_prefixes(resources, f)} == {
        "Account",
        "Login",
        "Password",
        "Register",
    }


def test_setup_reaches_every_decoy_and_no_user(resources: dict[str, Any]) -> None:
    (keeps_decoys,) = (each for each in statements(resources, "Setup") if each["Sid"] == "KeepDecoys")
    prefixes = keeps_decoys["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]

    def is_reached(user: User) -> list[bool]:
        return [any(fnmatchcase(pk, prefix) for prefix in prefixes) for pk, _ in keys_of(user)]

    assert all(is_reached(decoy) == [True, True, True] for decoy in DECOYS)
    for email in ("decoy-07@example.com", "nobody@nobody.invalid", "decoy@xn--nobody.example"):
        assert is_reached(new_user(email, now=0)) == [False, False, False]
    assert not any(
        fnmatchcase(key, prefix) for key in ("USER#c_1", "CREDENTIAL#a", "SESSIONS#a") for prefix in prefixes
    )


def test_only_those_who_sign_or_make_keys_read_private_ones(resources: dict[str, Any]) -> None:
    def reads(prefix: str) -> set[str]:
        return {f for f in FUNCTIONS if prefix in key_prefixes(resources, f)}

    assert reads("SIGNING#access") == {"Login", "Password", "Refresh", "RotateKeys", "Setup"}
    assert reads("SIGNING#refresh") == {
        "Login",
        "Logout",
        "Password",
        "Refresh",
        "Register",
        "RotateKeys",
        "Setup",
    }


def test_the_authorizer_may_only_read(resources: dict[str, Any]) -> None:
    actions = {str(s["Action"]) for s in statements(resources, "Authorizer") if "dynamodb" in str(s["Action"])}

    assert actions == {"dynamodb:Query", "dynamodb:BatchGetItem"}
    assert not any("kms" in json.dumps(statement) for statement in statements(resources, "Authorizer"))


def test_verify_may_touch_what_the_authorizer_may_and_nothing_else(resources: dict[str, Any]) -> None:
    assert list(statements(resources, "Verify")) == list(statements(resources, "Authorizer"))


def test_the_table_survives_everything(resources: dict[str, Any]) -> None:
    table = resources["Table"]

    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] == "true"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert "TableName" not in table["Properties"]


def test_the_key_of_a_first_try_goes_with_it_and_any_other_survives(resources: dict[str, Any]) -> None:
    """The table cannot go with it: a protected table that CloudFormation wants to delete makes a rollback fail."""
    key = resources["SigningKey"]

    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


EXISTING = {
    "ExistingTableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/restored",
    "ExistingKeyArn": "arn:aws:kms:us-east-1:123456789012:key/0f0e",
}


@pytest.mark.parametrize("given", [EXISTING, {}], ids=["taken up", "made here"])
def test_everything_refers_to_the_table_and_the_key_that_were_chosen(cloud: Cloud, given: dict[str, str]) -> None:
    is_taken = bool(given)
    template = whole(
        table_name="made-table", kms_key_id="made-key", mail_queue_url="", given={**given, "CreateDashboard": "true"}
    )
    resources = template["Resources"]
    text = json.dumps(template)

    assert {"Table", "SigningKey"} & resources.keys() == (set() if is_taken else {"Table", "SigningKey"})
    for name in ("made-table", "made-key", '["Table", "Arn"]'):
        assert (name in text) != is_taken, name
    for name in ('"restored"', *EXISTING.values()):
        assert (name in text) == is_taken, name
    table = EXISTING["ExistingTableArn"] if is_taken else {"Fn::GetAtt": ["Table", "Arn"]}
    for function in FUNCTIONS:
        for statement in statements(resources, function):
            assert statement["Resource"] == table or "dynamodb" not in str(statement["Action"]), statement["Sid"]
    assert resources["Dashboard"]["Properties"]["DashboardBody"].count("restored" if is_taken else "made-table") == 1
    assert template["Outputs"]["TableName"]["Value"] == ("restored" if is_taken else "made-table")


@pytest.mark.parametrize(("parameter", "good", "bad"), [
    ("ExistingTableArn", EXISTING["ExistingTableArn"], ("restored", f"{EXISTING['ExistingTableArn']}/index/x")),
    ("ExistingKeyArn", EXISTING["ExistingKeyArn"], ("0f0e", "alias/a", "arn:aws:kms:us-east-1:123456789012:alias/a")),
    ("LostKeyArn", EXISTING["ExistingKeyArn"], ("0f0e", "alias/mine")),
])  # fmt: skip
def test_a_table_or_key_is_named_by_an_arn_that_says_which_it_is(
    parameter: str, good: str, bad: tuple[str, ...]
) -> None:
    """A ring says by the key's ARN what seals it: another name of the same key would count as another key."""
    pattern = yaml_parse(TEMPLATE.read_text())["Parameters"][parameter]["AllowedPattern"]

    assert all(re.fullmatch(pattern, value) for value in ("", good))
    assert not any(re.fullmatch(pattern, value) for value in bad)


def setting_parameters() -> dict[str, Any]:
    parameters = yaml_parse(TEMPLATE.read_text())["Parameters"]
    return {name: parameter for name, parameter in parameters.items() if name not in NOT_SETTINGS}


def test_the_templates_bounds_are_those_of_the_settings() -> None:
    parameters = setting_parameters()
    bounded = {name: p for name, p in parameters.items() if "MinValue" in p}
    required = {"TABLE_NAME": "table", "KMS_KEY_ID": "key"}

    assert {name for name, p in parameters.items() if p["Type"] == "Number"} == bounded.keys()
    for name, parameter in bounded.items():
        variable = re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
        (group,) = [g for g in GROUPS if variable.lower() in {field.name for field in dataclasses.fields(g)}][:1]
        default = getattr(settings.parse(group, required), variable.lower())
        assert default == int(parameter["Default"]), name
        for value, is_good in [
            (parameter["MinValue"], True),
            (parameter["MaxValue"], True),
            (parameter["MinValue"] - 1, False),
            (parameter["MaxValue"] + 1, False),
        ]:
            assert accepts(group, {**required, variable: str(value)}) == is_good, (name, value)


def test_the_templates_choices_are_those_of_the_settings() -> None:
    parameters = setting_parameters()
    chosen = {name: p for name, p in parameters.items() if "AllowedValues" in p}
    required = {"TABLE_NAME": "table", "KMS_KEY_ID": "key"}

    assert "UnauthorizedAs" in chosen
    for name, parameter in chosen.items():
        variable = re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
        (group,) = (g for g in CHOOSING if variable.lower() in {field.name for field in dataclasses.fields(g)})
        default = getattr(settings.parse(group, required), variable.lower())
        assert {True: "true", False: "false"}.get(default, default) == parameter["Default"], name
        with pytest.raises(SettingsError) as refused:
            settings.parse(group, {**required, variable: "something else"})
        (problem,) = refused.value.problems
        assert set(problem.partition("must be one of ")[2].split(", ")) == set(parameter["AllowedValues"]), name


def accepts(group: type[Any], environ: dict[str, str]) -> bool:
    try:
        settings.parse(group, environ)
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize(
    ("allowed", "origins"),
    [
        ("", ("https://no-page.invalid",)),
        ("https://a.example,https://b.example", ("https://a.example", "https://b.example")),
    ],
)
def test_browsers_may_call_from_the_named_origins_only(cloud: Cloud, allowed: str, origins: tuple[str, ...]) -> None:
    cors = read(table_name="t", kms_key_id="k", given={"AllowedOrigins": allowed}).cors

    assert cors is not None
    assert (cors.origins, cors.credentials) == (origins, bool(allowed))


def test_pages_may_send_our_headers_and_those_of_the_parameter(cloud: Cloud) -> None:
    """A tracker adds headers to every request of a page. One that is missing here fails the login's preflight."""
    pages = {"AllowedOrigins": "https://a.example"}
    by_default = read(table_name="t", kms_key_id="k", given=pages).cors
    chosen = read(table_name="t", kms_key_id="k", given={**pages, "AllowedHeaders": "x-one,x-two"}).cors
    on_a_laptop = describe(ISSUER, {"ALLOWED_HEADERS": "x-one, x-two"}).cors

    assert by_default is not None
    assert chosen is not None
    assert by_default.headers == (
        *gateway_settings.HEADERS_OF_OURS,
        "traceparent",
        "tracestate",
        "baggage",
        "sentry-trace",
    )
    assert chosen.headers == (*gateway_settings.HEADERS_OF_OURS, "x-one", "x-two")
    assert on_a_laptop is not None
    assert on_a_laptop.headers == chosen.headers


DOMAIN = {
    "DomainName": "auth.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
}
DOMAINS_RESOURCES = ("Domain", "DomainMapping", "DomainRecord")


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ({}, ()),
        ({"HostedZoneId": "Z1"}, ()),  # setup refuses this one, and must come to it
        (DOMAIN, ("Domain", "DomainMapping")),
        ({**DOMAIN, "HostedZoneId": "Z1"}, DOMAINS_RESOURCES),
    ],
)
def test_a_domain_is_made_where_it_is_named_and_its_record_where_the_zone_is(
    cloud: Cloud, given: dict[str, str], made: tuple[str, ...]
) -> None:
    resources = translate(table_name="t", kms_key_id="k", given=given)

    assert tuple(name for name in DOMAINS_RESOURCES if name in resources) == made
    assert as_cloudformation()[0]["Resources"]["Domain"]["DependsOn"] == "Checks"
    if made:
        mapping = resources["DomainMapping"]["Properties"]
        assert mapping == {"DomainName": "Domain", "ApiId": "Api", "Stage": "ApiApiGatewayDefaultStage"}


@pytest.mark.parametrize(
    ("given", "url", "issuer"),
    [
        ({}, "https://Api.execute-api.us-east-1.amazonaws.com", "https://Api.execute-api.us-east-1.amazonaws.com"),
        (DOMAIN, "https://auth.example.com", "https://auth.example.com"),
        ({**DOMAIN, "Issuer": "https://old.example.com"}, "https://auth.example.com", "https://old.example.com"),
        (
            {"Issuer": "https://edge.example.com"},
            "https://Api.execute-api.us-east-1.amazonaws.com",
            "https://edge.example.com",
        ),
    ],
)
def test_clients_and_tokens_use_the_domain_unless_the_issuer_is_another(
    cloud: Cloud, given: dict[str, str], url: str, issuer: str
) -> None:
    told = read(table_name="t", kms_key_id="k", given=given).exports
    recorded = translate(table_name="t", kms_key_id="k", given=given)["KeyRings"]["Properties"]["Issuer"]

    assert (told["sallyport-Url"], told["sallyport-Issuer"], recorded) == (url, issuer, issuer)


@pytest.mark.parametrize(("given", "is_closed"), [({}, False), ({"ExecuteApi": "closed", **DOMAIN}, True)])
def test_the_url_of_api_gateway_is_closed_by_choice(cloud: Cloud, given: dict[str, str], is_closed: bool) -> None:
    (server,) = translate(table_name="t", kms_key_id="k", given=given)["Api"]["Properties"]["Body"]["servers"]

    assert server["x-amazon-apigateway-endpoint-configuration"] == {"disableExecuteApiEndpoint": is_closed}


@pytest.fixture(scope="module")
def patterns() -> dict[str, str]:
    parameters = yaml_parse(TEMPLATE.read_text())["Parameters"]
    return {
        name: parameter["AllowedPattern"] for name, parameter in parameters.items() if "AllowedPattern" in parameter
    }


@pytest.mark.parametrize("given", [
    {**DOMAIN, "HostedZoneId": "Z0123456789ABCDEFGHIJ", "AllowedHeaders": "traceparent,X-Datadog-Trace-Id"},
    {"DomainName": "", "CertificateArn": "", "HostedZoneId": ""},
    {"CertificateArn": "arn:aws-cn:acm:cn-north-1:123456789012:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"},
])  # fmt: skip
def test_what_a_domain_and_its_pages_need_is_taken_by_the_templates_patterns(
    patterns: dict[str, str], given: dict[str, str]
) -> None:
    assert all(re.fullmatch(patterns[name], value) for name, value in given.items())


@pytest.mark.parametrize(("name", "value"), [
    ("DomainName", "auth"), ("DomainName", "*.example.com"), ("DomainName", "https://a.example"),
    ("DomainName", "a..example"), ("CertificateArn", "arn:aws:iam::123456789012:server-certificate/x"),
    ("HostedZoneId", "/hostedzone/Z1"), ("AllowedHeaders", ""), ("AllowedHeaders", "*"), ("AllowedHeaders", "a, b"),
    ("AllowedHeaders", "a,"), ("AllowedHeaders", "a'"),
])  # fmt: skip
def test_what_is_no_domain_zone_or_header_is_refused_before_anything_is_made(
    patterns: dict[str, str], name: str, value: str
) -> None:
    assert not re.fullmatch(patterns[name], value)


def test_only_sam_local_is_told_another_endpoint_and_names_the_authorizer_itself(cloud: Cloud) -> None:
    """sam local calls every stack `local`: no parameter can be forgotten, and no authorizer skipped."""
    document = as_cloudformation()[0]

    assert document["Conditions"]["IsLocal"] == {"Fn::Equals": [{"Ref": "AWS::StackName"}, "local"]}
    for name in FUNCTIONS:
        condition, local, deployed = document["Resources"][name]["Properties"]["Environment"]["Variables"][
            "AWS_ENDPOINT_URL"
        ]["Fn::If"]
        assert (condition, local, deployed) == ("IsLocal", "", {"Ref": "AWS::NoValue"})


def limits_of_routes(given: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Return rate and burst of every route that has limits of its own."""
    resources = translate(table_name="t", kms_key_id="k", given=given)
    stage = resources["ApiApiGatewayDefaultStage"]["Properties"]
    routes = routes_of(resources["Api"]["Properties"])

    assert stage["ApiId"] == "Api"
    # In the API's own document, so they are there before the stage that names them.
    assert stage["RouteSettings"].keys() <= {route.key for route in routes.values()}
    assert not any(limits["DetailedMetricsEnabled"] for limits in stage["RouteSettings"].values())
    return {
        key: (int(limits["ThrottlingRateLimit"]), int(limits["ThrottlingBurstLimit"]))
        for key, limits in stage["RouteSettings"].items()
    }


def test_the_routes_that_strangers_flood_have_limits_of_their_own_below_the_apis(cloud: Cloud) -> None:
    """They ask for no token and cost a hash or a mail. Each route has a bucket of its own in API Gateway."""
    limits = limits_of_routes({"LoginRequestsPerSecond": "7", "LoginRequestBurst": "8"})

    assert {key for key, limit in limits.items() if limit == (7, 8)} == FLOODED
    parameters = yaml_parse(TEMPLATE.read_text())["Parameters"]
    for limit, of_api in {"LoginRequestsPerSecond": "RequestsPerSecond", "LoginRequestBurst": "RequestBurst"}.items():
        assert parameters[limit]["Default"] < parameters[of_api]["Default"]


def test_what_gateways_ask_has_limits_of_its_own_and_takes_from_no_other_route(cloud: Cloud) -> None:
    limits = limits_of_routes({"VerifyRequestsPerSecond": "9", "VerifyRequestBurst": "10"})

    assert {key for key, limit in limits.items() if limit == (9, 10)} == ASKED_BY_GATEWAYS
    assert limits.keys() == FLOODED | ASKED_BY_GATEWAYS


def test_the_access_log_holds_no_header_and_no_query_string(resources: dict[str, Any]) -> None:
    settings_of_log = resources["ApiApiGatewayDefaultStage"]["Properties"]["AccessLogSettings"]
    line = json.loads(settings_of_log["Format"])

    assert line.keys() >= {"requestId", "ip", "route", "status"}
    assert not any("header" in value or "querystring" in value or "path" in value for value in line.values())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_traced_and_logs_to_a_group_that_forgets(resources: dict[str, Any], function: str) -> None:
    properties = resources[function]["Properties"]

    assert properties["TracingConfig"] == {"Mode": "Active"}
    group = resources[properties["LoggingConfig"]["LogGroup"]]
    assert group["Properties"]["RetentionInDays"] == 30


def alarms_of(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == "AWS::CloudWatch::Alarm"}


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics that an alarm watches, alone or as a sum."""
    summed = [m["MetricStat"]["Metric"] for m in alarm.get("Metrics", []) if "MetricStat" in m]
    return summed or [alarm]


def test_what_alarms_watch_is_what_telemetry_counts(resources: dict[str, Any]) -> None:
    """A metric of another name would never raise an alarm, and nobody would notice."""
    watched = {
        (metric["MetricName"], tuple(sorted((d["Name"], d["Value"]) for d in metric["Dimensions"])))
        for alarm in alarms_of(resources).values()
        for metric in metrics_of(alarm)
        if metric["Namespace"] == "Sallyport"
    }

    stack = ("stack", "sallyport")
    assert watched == {
        ("failed", (stack,)),
        ("failed", (("service", "sallyport.authorizer"), stack)),
        ("invalid_credentials", (("service", "sallyport.login"), stack)),
        ("kept_rings", (stack,)),
        ("notice_lost", (("service", "sallyport.account"), stack)),
        ("notice_lost", (("service", "sallyport.password"), stack)),
        ("too_many_attempts", (("service", "sallyport.login"), stack)),
        ("replayed", (("service", "sallyport.refresh"), stack)),
    }


def test_what_costs_by_itself_is_there_only_where_it_was_asked_for(cloud: Cloud) -> None:
    for asked in ("false", "true"):
        given = {"CreateDashboard": asked, "RouteMetrics": asked}
        resources = translate(table_name="t", kms_key_id="k", given=given)
        stage = resources["ApiApiGatewayDefaultStage"]["Properties"]
        is_counted = {
            limits["DetailedMetricsEnabled"]
            for limits in (stage["DefaultRouteSettings"], *stage["RouteSettings"].values())
        }

        assert ("Dashboard" in resources) == (asked == "true")
        assert is_counted == {asked == "true"}


def test_every_alarm_and_every_row_of_the_dashboard_is_of_this_stack_alone(cloud: Cloud) -> None:
    """By the stack's name, or by a resource whose name CloudFormation makes for this stack."""
    document = as_cloudformation()[0]["Resources"]
    for name, alarm in alarms_of(document).items():
        for metric in metrics_of(alarm):
            assert any(set(d["Value"]) <= {"Ref", "Fn::GetAtt"} for d in metric["Dimensions"]), name
    resources = translate(table_name="t", kms_key_id="k", given={"CreateDashboard": "true"})
    dashboard = json.loads(resources["Dashboard"]["Properties"]["DashboardBody"])
    assert len(dashboard["widgets"]) == 8
    for widget in dashboard["widgets"]:
        row: list[Any] = []
        for shown in widget["properties"]["metrics"]:
            named = [part for part in shown if isinstance(part, str)]
            row = [row[at] if part == "." else part for at, part in enumerate(named)]
            dimensions = dict(zip(row[2::2], row[3::2], strict=True))
            assert row[0] != "Sallyport" or dimensions["stack"] == "sallyport", row
            assert row[0] == "Sallyport" or dimensions, row


def test_a_failure_of_any_function_raises_one_alarm_and_a_crash_of_each_another(resources: dict[str, Any]) -> None:
    alarms = alarms_of(resources)

    def functions(alarm: str) -> set[str]:
        return {d["Value"] for metric in metrics_of(alarms[alarm]) for d in metric["Dimensions"]}

    assert alarms["Failures"]["Dimensions"] == [{"Name": "stack", "Value": "sallyport"}]
    crashing = functions("Crashes") | functions("VerifyCrashes") | functions("KeyFailures")
    assert {name.rpartition(":")[2] for name in crashing} == set(FUNCTIONS) - {"Setup"}  # that fails its deployment
    for alarm in alarms.values():
        assert len(alarm.get("Metrics", [])) <= 10, "CloudWatch adds up no more"


def test_no_alarm_rises_on_a_new_stack_and_one_does_when_rotate_keys_runs_no_more(resources: dict[str, Any]) -> None:
    alarms = alarms_of(resources)

    assert {name for name, alarm in alarms.items() if alarm["TreatMissingData"] != "notBreaching"} == {"KeysNotKept"}
    missed = alarms["KeysNotKept"]
    days = missed["Period"] * missed["EvaluationPeriods"] // 86_400
    assert (days, missed["TreatMissingData"], missed["ComparisonOperator"]) == (2, "breaching", "LessThanThreshold")
    assert missed["Period"] * missed["EvaluationPeriods"] <= 7 * 86_400  # CloudWatch looks back no further
    assert resources["KeysNotKept"]["DependsOn"] == "KeyRings"  # which counts the first run


def test_every_deployment_keeps_the_rings(resources: dict[str, Any]) -> None:
    """CloudFormation asks setup only where a property has changed."""
    assert as_cloudformation()[0]["Resources"]["KeyRings"]["Properties"]["Release"] == {"Ref": "Release"}


@pytest.mark.parametrize(("issuer", "is_good"), [
    ("", True), ("https://auth.example.com", True), ("https://example.com:8443/auth", True), ("https://[oops", False),
    ("https://a.example/", False), ("http://a.example", False), ("https://a.example?b", False), ("https://a b", False),
])  # fmt: skip
def test_an_issuer_that_setup_could_not_read_is_refused_before_it_runs(issuer: str, is_good: bool) -> None:
    pattern = yaml_parse(TEMPLATE.read_text())["Parameters"]["Issuer"]["AllowedPattern"]

    assert (re.fullmatch(pattern, issuer) is not None) == is_good
    if is_good:
        settings.parse(settings.KeyMaking, {"KMS_KEY_ID": "k", "ISSUER": issuer})


def test_the_checks_of_a_deployment_come_before_any_function_changes(cloud: Cloud) -> None:
    document = as_cloudformation()[0]["Resources"]

    for function in FUNCTIONS:
        waits_for = document[function].get("DependsOn", [])
        assert ("Checks" in waits_for) == (function != "Setup"), function
    told = document["Checks"]["Properties"]["Settings"].keys()
    everything = {field.name.upper() for field in dataclasses.fields(EverySetting)}
    assert everything - told == {
        "DYNAMODB_ENDPOINT_URL",
        "TABLE_NAME",
        "KMS_KEY_ID",
        "ISSUER",
        "SIGNING_ALGORITHM",
        "AWS_REGION",  # Lambda's own
    }
    for function in FUNCTIONS:
        wiring = importlib.import_module(f"sallyport.wiring.{document[function]['Properties']['Code']['S3Key'][10:-1]}")
        assert {field.name for field in dataclasses.fields(wiring.Settings)} <= {name.lower() for name in everything}


def test_other_stacks_can_import_what_they_need() -> None:
    outputs = as_cloudformation()[0]["Outputs"]

    exported = {name for name, output in outputs.items() if "Export" in output}
    assert exported == {"Url", "Issuer", "Audience", "AuthorizerArn", "AuthorizerInvokeUri", "TableName"}


SERVED = [function for function in FUNCTIONS if function not in UNSERVED]


def version_ids(release: str) -> dict[str, str]:
    """Return the name of the version of every function that a deployment with this release would publish."""
    resources = as_cloudformation(given={"Release": release})[0]["Resources"]
    versions = [(name, r["Properties"]) for name, r in resources.items() if r["Type"] == "AWS::Lambda::Version"]
    return {properties["FunctionName"]["Ref"]: name for name, properties in versions}


def test_every_release_publishes_new_versions_behind_the_alias(cloud: Cloud) -> None:
    """Nothing but the parameter makes SAM notice a changed layer or another parameter."""
    releases = ["first", release_at(1_795_176_000), release_at(1_795_176_001)]
    first, before, after = map(version_ids, releases)

    assert first.keys() == before.keys() == after.keys() == set(SERVED)
    assert len({*first.values(), *before.values(), *after.values()}) == 3 * len(SERVED)


def test_a_release_may_be_as_long_as_sam_looks_and_no_longer() -> None:
    """Of two commits that differ in their eleventh character only, the second would not be published."""
    pattern = yaml_parse(TEMPLATE.read_text())["Parameters"]["Release"]["AllowedPattern"]

    assert re.fullmatch(pattern, "a" * LONGEST_RELEASE)
    assert not re.fullmatch(pattern, "a" * (LONGEST_RELEASE + 1))
    assert re.fullmatch(pattern, release_at(1_795_176_001))
    assert version_ids("a" * LONGEST_RELEASE) == version_ids("a" * LONGEST_RELEASE + "b")


@pytest.mark.parametrize(("architecture", "layer"), [("arm64", "DependenciesArm64"), ("x86_64", "DependenciesX86")])
def test_functions_get_the_packages_for_their_architecture(cloud: Cloud, architecture: str, layer: str) -> None:
    """Whatever is told to `sam build`: the parameter of the deployment alone chooses among what was built."""
    resources = translate(table_name="t", kms_key_id="k", given={"Architecture": architecture})

    deployed = [name for name, r in resources.items() if r["Type"] == "AWS::Lambda::LayerVersion"]
    assert sorted(re.sub("[0-9a-f]{10}$", "", name) for name in deployed) == ["CoreLayer", layer]
    for name in FUNCTIONS:
        properties = resources[name]["Properties"]
        assert properties["Architectures"] == [architecture]
        assert sorted(properties["Layers"]) == sorted(deployed)
    for name in deployed:
        assert architecture in resources[name]["Properties"]["CompatibleArchitectures"]


def test_every_parameter_is_described_and_stands_in_one_group() -> None:
    template = yaml_parse(TEMPLATE.read_text())
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(template["Parameters"])
    for name, parameter in template["Parameters"].items():
        assert parameter.get("Description"), name
        assert ("AllowedPattern" in parameter) == ("ConstraintDescription" in parameter), name
        assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}, name


def test_nothing_has_a_name_that_a_second_stack_would_want_too() -> None:
    names = {"TableName", "FunctionName", "RoleName", "LogGroupName", "AlarmName", "DashboardName", "Name", "AliasName"}
    for logical_id, resource in as_cloudformation()[0]["Resources"].items():
        literal = set(names & resource.get("Properties", {}).keys())
        fixed = {name for name in literal if isinstance(resource["Properties"][name], str)}
        assert fixed <= ({"Name"} if resource["Type"] == "AWS::Lambda::Alias" else set()), logical_id


def test_whatever_functions_run_with_is_guarded_against_a_stale_release(cloud: Cloud) -> None:
    document = as_cloudformation()[0]
    guarded = refs_in(document["Resources"]["Checks"]["Properties"])
    functions = [r["Properties"] for r in document["Resources"].values() if r["Type"] == "AWS::Lambda::Function"]
    parameters = set(document["Parameters"])
    used = {ref for properties in functions for ref in refs_in({**properties, "Role": "", "Code": ""})}

    not_of_a_version = {"Issuer", "SigningAlgorithm", "AWS::StackName"}
    conditional = {"LoginConcurrency"}  # applies to the function, not to a version
    assert (used & parameters) - guarded <= not_of_a_version | conditional
    layers = {ref for properties in functions for layer in properties["Layers"] for ref in refs_in(layer)}
    assert layers <= guarded


def refs_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["Ref"]} if "Ref" in value else set()
        return found.union(*(refs_in(item) for item in value.values()))
    return set().union(*(refs_in(item) for item in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("function", SERVED)
def test_a_new_version_can_take_over_gradually_and_is_rolled_back_by_alarms(cloud: Cloud, function: str) -> None:
    document = as_cloudformation()[0]
    policy = document["Resources"][f"{function}Aliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = document["Resources"][policy["DeploymentGroupName"]["Ref"]]["Properties"]

    condition, gradual, at_once = group["AlarmConfiguration"]["Fn::If"]
    alarms = {alarm["Name"]["Ref"] for alarm in gradual["Alarms"]}
    own = {"VerifyCrashes"} if function == "Verify" else set()
    assert alarms == {"AuthorizerFailures", "Failures", "Crashes"} | own
    assert (condition, at_once) == ("IsGradual", {})  # an alarm must not stop the release that would end it
