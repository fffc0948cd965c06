"""The distribution that examples/cloudfront shows: its secret, its address, nothing kept for the next visitor."""

import json
import re
import subprocess
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.sam.template import ROOT, TEMPLATE
from sallyport.http.front import ORIGIN_HEADER, Front
from sallyport.http.request import Request

SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    read: dict[str, Any] = yaml_parse((ROOT / "examples/cloudfront/distribution.yaml").read_text())
    return read


def test_its_origin_gets_the_header_that_sallyport_asks_for(template: dict[str, Any]) -> None:
    config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    (origin,) = config["Origins"]
    (header,) = origin["OriginCustomHeaders"]

    assert (header["HeaderName"].lower(), header["HeaderValue"]) == (ORIGIN_HEADER, {"Ref": "OriginSecret"})
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert "CacheBehaviors" not in config  # each of them would need the function, too
    assert {error["ErrorCode"] for error in config["CustomErrorResponses"]} >= {500, 502, 503, 504}
    assert all(error["ErrorCachingMinTTL"] == 0 for error in config["CustomErrorResponses"])


def test_neither_template_shows_the_secret_or_takes_one_that_the_other_refuses(template: dict[str, Any]) -> None:
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


@pytest.mark.only_in_check  # Node
@pytest.mark.parametrize("address", ["192.0.2.44", "2001:db8::1:443"])
def test_its_function_replaces_the_address_that_a_visitor_made_up(template: dict[str, Any], address: str) -> None:
    code = template["Resources"]["ViewerAddress"]["Properties"]["FunctionCode"]
    made_up = {"value": "203.0.113.9", "multiValue": [{"value": "203.0.113.9"}, {"value": "203.0.113.10"}]}
    event = {"viewer": {"ip": address}, "request": {"method": "GET", "headers": {"x-viewer-address": made_up}}}

    script = f"{code}\nprocess.stdout.write(JSON.stringify(handler({json.dumps(event)}).headers))"
    ran = subprocess.run(["node", "-e", script], check=True, capture_output=True, text=True, timeout=30)

    sent = json.loads(ran.stdout)
    assert sent == {"x-viewer-address": {"value": address}}
    headers = {ORIGIN_HEADER: SECRET, **{name: field["value"] for name, field in sent.items()}}
    request = Request("POST /auth/login", {}, {}, headers, (), b"", "198.51.100.1", "ua", {}, "r-1")
    assert Front("x-viewer-address", (SECRET,))(request).source_ip == address
