"""The policy that an authorizer answers with, judged as IAM judges it."""

import json

import pytest

from sallyport.aws.authorizer.answers import Form, Policy, Simple
from sallyport.errors import Unavailable
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.authorize import Authorized
from tests.support.builders import NOW
from tests.support.iam import decision

API = "arn:aws:execute-api:eu-central-1:123456789012:abcdefghij"
SOMEONE = Authorized(
    AccessToken("iss", "user-1", "aud", "app", NOW, NOW + 600, "jti-1", "sid-1", ver=3, auth_time=NOW), ("a", "b")
)


@pytest.mark.parametrize(
    ("method_arn", "resource"),
    [
        (f"{API}/prod/GET/orders/42", f"{API}/prod/*"),
        (f"{API}/prod/GET/", f"{API}/prod/*"),
        (f"{API}/prod/$connect", f"{API}/prod/*"),
        (f"{API}/$default/GET/orders", f"{API}/$default/*"),
        (f"{API}/ESTestInvoke-stage/GET/", f"{API}/ESTestInvoke-stage/*"),
        (f"{API}/v_1-b/ANY/x", f"{API}/v_1-b/*"),
        ("arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1/p/GET/x",
         "arn:aws-us-gov:execute-api:us-gov-west-1:123456789012:a1/p/*"),
        ("arn:aws-cn:execute-api:cn-north-1:123456789012:a1/p/GET/x",
         "arn:aws-cn:execute-api:cn-north-1:123456789012:a1/p/*"),
        ("arn:aws-iso-b:execute-api:us-isob-east-1:123456789012:a1/p/GET/x",
         "arn:aws-iso-b:execute-api:us-isob-east-1:123456789012:a1/p/*"),
    ],
)  # fmt: skip
def test_the_resource_is_the_stage_in_its_own_partition(method_arn: str, resource: str) -> None:
    assert Policy.over_stage_of(method_arn).resource == resource


PATHS = [
    "*", "?", "//", "/./", "../../other/GET/x", "%2e%2e/%2f", "orders/", "ORDERS", "a;x=1", "grüße/\u202e", "a:b:c",
    "${aws:username}", "a\nb", "\n", "arn:aws:execute-api:x:1:y/z/GET/", "x" * 1600,
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_e09_no_path_changes_the_policy(path: str) -> None:
    assert Policy.over_stage_of(f"{API}/prod/GET/{path}").resource == f"{API}/prod/*"


@pytest.mark.parametrize(
    "method_arn",
    [
        "", "arn", "*", "arn:aws:execute-api", API, f"{API}/", f"{API}/prod", f"{API}/prod/", f"{API}//GET/x",
        f"{API}/*/GET/x", f"{API}/pr*d/GET/x", f"{API}/prod?/GET/x", f"{API}/${{stage}}/GET/x", f"{API}/$other/GET/x",
        f"{API}/pr od/GET/x", f"{API}/prod\n/GET/x", f"{API}/prød/GET/x", f" {API}/prod/GET/x",
        f"{API}*/prod/GET/x", f"{API}?/prod/GET/x", f"{API}:x/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:123456789012:*/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:123456789012:/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:123456789012:${x}/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:*:abcdefghij/prod/GET/x",
        "arn:aws:execute-api:eu-central-1::abcdefghij/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:12345678901:abcdefghij/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:1234567890123:abcdefghij/prod/GET/x",
        "arn:aws:execute-api:eu-central-1:١٢٣٤٥٦٧٨٩٠١٢:abcdefghij/prod/GET/x",
        "arn:aws:execute-api:*:123456789012:abcdefghij/prod/GET/x",
        "arn:aws:execute-api::123456789012:abcdefghij/prod/GET/x",
        "arn:aws:lambda:eu-central-1:123456789012:abcdefghij/prod/GET/x",
        "arn:aws:*:eu-central-1:123456789012:abcdefghij/prod/GET/x",
        "arn:*:execute-api:eu-central-1:123456789012:abcdefghij/prod/GET/x",
        "arn::execute-api:eu-central-1:123456789012:abcdefghij/prod/GET/x",
        "arn:azure:execute-api:eu-central-1:123456789012:abcdefghij/prod/GET/x",
        "ARN:aws:execute-api:eu-central-1:123456789012:abcdefghij/prod/GET/x",
    ],
)  # fmt: skip
def test_what_names_no_method_of_one_stage_of_one_api_is_refused(method_arn: str) -> None:
    with pytest.raises(Unavailable) as refused:
        Policy.over_stage_of(method_arn)

    assert refused.value.reason == "method_arn"


@pytest.mark.parametrize(("length", "fits"), [(512, True), (513, False)])
def test_a_resource_longer_than_api_gateway_takes_is_refused(length: int, fits: bool) -> None:
    stage = "s" * (length - len(f"{API}//*"))

    try:
        assert len(Policy.over_stage_of(f"{API}/{stage}/GET/x").resource) == length
    except Unavailable:
        assert not fits
    else:
        assert fits


@pytest.mark.parametrize(
    "called", ["GET/orders", "DELETE/users/x", "GET/", "POST/a/b/c/d", "$connect", f"GET/{'x' * 1600}", "GET/a*b"]
)
@pytest.mark.parametrize(
    "next_one", ["GET/orders", "DELETE/users/x", "GET/", "POST/a/b/c/d", "$connect", f"GET/{'x' * 1600}", "GET/a*b"]
)
def test_e05_a_cached_answer_decides_every_other_route_of_the_stage_as_a_fresh_one_would(
    called: str, next_one: str
) -> None:
    policy = Policy.over_stage_of(f"{API}/prod/{called}")

    assert decision(policy.allow(SOMEONE), f"{API}/prod/{next_one}") == "Allow"
    assert decision(policy.deny(), f"{API}/prod/{next_one}") == "Deny"


@pytest.mark.parametrize(
    "elsewhere",
    [
        f"{API}/prod2/GET/orders", f"{API}/pro/GET/orders", f"{API}/PROD/GET/orders", f"{API}/$default/GET/orders",
        f"{API}x/prod/GET/orders", f"{API.replace('abc', 'abd')}/prod/GET/orders",
        f"{API.replace('123456789012', '210987654321')}/prod/GET/orders",
        f"{API.replace('eu-central-1', 'eu-west-1')}/prod/GET/orders",
        f"{API.replace('arn:aws:', 'arn:aws-cn:')}/prod/GET/orders",
    ],
)  # fmt: skip
def test_no_answer_says_anything_about_another_stage_or_api(elsewhere: str) -> None:
    policy = Policy.over_stage_of(f"{API}/prod/GET/orders")

    assert decision(policy.allow(SOMEONE), elsewhere) is None
    assert decision(policy.deny(), elsewhere) is None


@pytest.mark.parametrize("form", [Simple(), Policy.over_stage_of(f"{API}/prod/GET/orders")])
def test_e10_an_answer_is_small_and_its_context_holds_scalars_alone(form: Form) -> None:
    allowed = form.allow(SOMEONE)

    assert len(json.dumps(allowed)) < 8192
    assert allowed["context"] == {
        "sub": "user-1",
        "sid": "sid-1",
        "jti": "jti-1",
        "ver": 3,
        "client_id": "app",
        "auth_time": NOW,
        "scope": "",
        "roles": "a b",
    }
    assert "context" not in form.deny()
