"""What examples/cloudfront shows: the secret, the visitor's address, nothing kept for the next one, the page beside."""

import json
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.aws.cloud import Cloud
from dev.sam.stack import read
from dev.sam.template import ROOT, TEMPLATE
from dev.site import HEADERS
from sallyport.http.front import ORIGIN_HEADER, Front
from sallyport.http.request import Request

SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"

Template = dict[str, Any]


def read_example(name: str) -> Template:
    parsed: Template = yaml_parse((ROOT / f"examples/cloudfront/{name}.yaml").read_text())
    return parsed


@pytest.fixture(scope="module", params=["distribution", "site"])
def template(request: pytest.FixtureRequest) -> Template:
    return read_example(request.param)


@pytest.fixture(scope="module")
def site() -> Template:
    return read_example("site")


def config_of(template: Template) -> dict[str, Any]:
    config: dict[str, Any] = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    return config


def behaviours(template: Template) -> Iterator[dict[str, Any]]:
    """Yield what CloudFront tries in turn, the default last, which fits every path."""
    config = config_of(template)
    yield from config.get("CacheBehaviors", [])
    yield {**config["DefaultCacheBehavior"], "PathPattern": "*"}


def behaviour_for(template: Template, path: str) -> dict[str, Any]:
    return next(found for found in behaviours(template) if fnmatchcase(path, found["PathPattern"]))


def test_sallyport_gets_the_header_that_it_asks_for(template: Template) -> None:
    config = config_of(template)
    (origin,) = [origin for origin in config["Origins"] if origin["Id"] == "sallyport"]
    (header,) = origin["OriginCustomHeaders"]

    assert (header["HeaderName"].lower(), header["HeaderValue"]) == (ORIGIN_HEADER, {"Ref": "OriginSecret"})
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert {error["ErrorCode"] for error in config["CustomErrorResponses"]} >= {500, 502, 503, 504}
    assert all(error.keys() == {"ErrorCode", "ErrorCachingMinTTL"} for error in config["CustomErrorResponses"])
    assert all(error["ErrorCachingMinTTL"] == 0 for error in config["CustomErrorResponses"])


def test_every_way_to_sallyport_replaces_the_address_and_keeps_nothing(template: Template) -> None:
    """A behaviour without the function would let a visitor choose their address."""
    ways = [behaviour for behaviour in behaviours(template) if behaviour["TargetOriginId"] == "sallyport"]
    replacing = {"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["ViewerAddress", "FunctionARN"]}}

    assert ways
    for way in ways:
        assert way["FunctionAssociations"] == [replacing]
        assert way["CachePolicyId"] == CACHING_DISABLED
        assert way["OriginRequestPolicyId"] == ALL_VIEWER_EXCEPT_HOST
        assert way["ViewerProtocolPolicy"] == "https-only"


def test_every_route_of_sallyports_leads_to_it(template: Template, cloud: Cloud) -> None:
    for method, path in read(table_name="t", kms_key_id="k").routes:
        way = behaviour_for(template, path)
        methods = {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"} if method == "ANY" else {method}
        assert (way["TargetOriginId"], methods <= set(way["AllowedMethods"])) == ("sallyport", True), path


def test_neither_template_shows_the_secret_or_takes_one_that_the_other_refuses(template: Template) -> None:
    ours = yaml_parse(TEMPLATE.read_text())
    for document in (template, ours):
        assert document["Parameters"]["OriginSecret"]["NoEcho"] is True
        assert "OriginSecret" not in json.dumps(document["Outputs"])
    theirs, both = (d["Parameters"]["OriginSecret"]["AllowedPattern"] for d in (template, ours))
    for secret in (SECRET, "a.b_c~d-" * 4, "x" * 128):
        assert re.fullmatch(theirs, secret)
        assert re.fullmatch(both, secret)
        assert re.fullmatch(both, f"{secret},{SECRET}")
        assert not re.fullmatch(theirs, f"{secret},{SECRET}")
    for wrong in (SECRET[:-1], "x" * 129, f"{SECRET}=", f"{SECRET},", f"{SECRET}, {SECRET}"):
        assert not re.fullmatch(both, wrong)
        assert not re.fullmatch(theirs, wrong)


def test_the_files_of_the_page_get_no_cookie_and_nobody_else_reads_them(site: Template) -> None:
    """The refresh cookie goes to the whole host. Only Sallyport may see it."""
    page = behaviour_for(site, "/verify-email")
    policy = site["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (allowed,) = [statement for statement in policy if statement["Effect"] == "Allow"]
    blocked = site["Resources"]["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]

    assert (page["TargetOriginId"], page["AllowedMethods"]) == ("page", ["GET", "HEAD"])
    assert "OriginRequestPolicyId" not in page
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject")
    assert "${Distribution}" in json.dumps(allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert len(blocked) == 4
    assert all(blocked.values())


def test_the_pages_own_policy_is_held_by_a_header_that_forbids_frames_too(site: Template) -> None:
    headers = site["Resources"]["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    (own,) = re.findall(r'content="(default-src[^"]*)"', (ROOT / "examples/spa/index.html").read_text())

    def directives(policy: str) -> set[str]:
        return {directive.strip() for directive in policy.split(";")}

    served = directives(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"])
    of_the_page_alone = {d for d in directives(own) if d.startswith(("connect-src", "require-", "trusted-types"))}
    assert directives(own) - of_the_page_alone <= served
    assert {"connect-src 'self' ${ConnectTo}", "frame-ancestors 'none'"} <= served
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert all(header["Override"] for header in headers.values())


def test_its_headers_are_those_that_the_example_page_is_served_with_on_a_laptop(site: Template) -> None:
    policy = site["Resources"]["PageHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    security = policy["SecurityHeadersConfig"]
    served = {
        "x-frame-options": security["FrameOptions"]["FrameOption"],
        "referrer-policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "x-content-type-options": "nosniff" if "ContentTypeOptions" in security else None,
        **{item["Header"].lower(): item["Value"] for item in policy["CustomHeadersConfig"]["Items"]},
    }

    assert served == HEADERS


def rules_of(site: Template) -> dict[str, Any]:
    return {rule["Name"]: rule for rule in site["Resources"]["WebAcl"]["Properties"]["Rules"]}


def test_the_web_acl_stands_before_the_distribution_and_shows_no_request(site: Template) -> None:
    acl = site["Resources"]["WebAcl"]["Properties"]

    assert (acl["Scope"], acl["DefaultAction"]) == ("CLOUDFRONT", {"Allow": {}})
    assert config_of(site)["WebACLId"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    for part in (acl, *acl["Rules"]):
        assert part["VisibilityConfig"]["SampledRequestsEnabled"] is False


BODY_RULES = {
    "KnownBadInputs": {"JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"},
    "CommonAttacks": {
        "CrossSiteScripting_BODY",
        "EC2MetaDataSSRF_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "SizeRestrictions_BODY",
    },
}


@pytest.mark.parametrize("group", BODY_RULES)
def test_no_rule_that_looks_into_bodies_refuses_a_password(site: Template, group: str) -> None:
    overrides = rules_of(site)[group]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]

    assert {override["Name"] for override in overrides} == BODY_RULES[group]
    assert all(override["ActionToUse"] == {"Count": {}} for override in overrides)


def test_who_calls_too_often_is_told_to_wait_as_sallyport_would(site: Template) -> None:
    rule = rules_of(site)["CallsOfOneAddress"]
    rate = rule["Statement"]["RateBasedStatement"]
    answer = rule["Action"]["Block"]["CustomResponse"]

    assert (answer["ResponseCode"], [header["Name"] for header in answer["ResponseHeaders"]]) == (429, ["retry-after"])
    assert rate["ScopeDownStatement"]["ByteMatchStatement"]["SearchString"] == "/auth/"
    assert rate["AggregateKeyType"] == "IP"
    # Sallyport's own bucket must be met first, or its codes and Retry-After would never be seen.
    tried_in_five_minutes = yaml_parse(TEMPLATE.read_text())["Parameters"]["AddressAttemptLimit"]["Default"] + 300
    assert site["Parameters"]["RequestsInFiveMinutes"]["Default"] > tried_in_five_minutes


def ran_by_node(code: str, *events: Any) -> list[Any]:
    script = f"{code}\nprocess.stdout.write(JSON.stringify({json.dumps(events)}.map(handler)))"
    ran = subprocess.run(["node", "-e", script], check=True, capture_output=True, text=True, timeout=30)
    answers: list[Any] = json.loads(ran.stdout)
    return answers


@pytest.mark.only_in_check  # Node
@pytest.mark.parametrize("address", ["192.0.2.44", "2001:db8::1:443"])
def test_its_function_replaces_the_address_that_a_visitor_made_up(template: Template, address: str) -> None:
    code = template["Resources"]["ViewerAddress"]["Properties"]["FunctionCode"]
    made_up = {"value": "203.0.113.9", "multiValue": [{"value": "203.0.113.9"}, {"value": "203.0.113.10"}]}
    event = {"viewer": {"ip": address}, "request": {"method": "GET", "headers": {"x-viewer-address": made_up}}}

    sent = ran_by_node(code, event)[0]["headers"]

    assert sent == {"x-viewer-address": {"value": address}}
    headers = {ORIGIN_HEADER: SECRET, **{name: field["value"] for name, field in sent.items()}}
    request = Request("POST /auth/login", {}, {}, headers, (), b"", "198.51.100.1", "ua", {}, "r-1")
    assert Front("x-viewer-address", (SECRET,))(request).source_ip == address


@pytest.mark.only_in_check  # Node
def test_every_path_of_the_page_is_its_index_and_files_are_files(site: Template) -> None:
    code = site["Resources"]["PagePath"]["Properties"]["FunctionCode"]
    asked = ["/", "/verify-email", "/reset-password/", "/a.b/c", "/app.js", "/icons/icon.svg"]

    served = ran_by_node(code, *({"request": {"uri": uri}} for uri in asked))

    assert [request["uri"] for request in served] == [*["/index.html"] * 4, "/app.js", "/icons/icon.svg"]
