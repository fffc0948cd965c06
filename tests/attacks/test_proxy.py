"""docs/attacks.md L29: the viewer's address behind a proxy, and requests that did not come through the proxy."""

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from dev.aws.recorded import RecordingClients
from sallyport.accounts.user import User
from sallyport.identifiers import new_id
from tests.attacks.gateway import a_request, gateway_before
from tests.support.builders import SECOND, an_ip
from tests.support.deployed import PASSWORD, STRICT, Answer, Stack, sample
from tests.support.stopped_time import MovableTime, StoppedTime, Time
from tests.support.tokens import ISSUER, unverified_claims
from tests.support.watch import Watch

SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"
NEXT_SECRET = "Zk3-x_Q9.v~T7mW2bN5rL8cH1yF4pD6s"
VIEWER = "2001:db8:1:2::7"
EDGE = "198.51.100.1"
ATTEMPTS = 3
NO_PROOF = {"token": f"{new_id()}.{'A' * 43}", "password": "another horse, another battery"}
WELL_KNOWN = {"/.well-known/jwks.json", "/.well-known/openid-configuration"}
AROUND_THE_PROXY: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "an address": {"cloudfront-viewer-address": f"{VIEWER}:443"},
    "a wrong secret": {"cloudfront-viewer-address": f"{VIEWER}:443", "x-sallyport-origin": SECRET[::-1]},
    "two secrets": {"cloudfront-viewer-address": f"{VIEWER}:443", "x-sallyport-origin": f"{SECRET},{NEXT_SECRET}"},
    "another header": {"x-forwarded-for": VIEWER, "x-origin": SECRET},
}


def by_proxy(viewer: str | None = None, secret: str = SECRET) -> dict[str, str]:
    """Return the headers that CloudFront adds for a viewer, by default for one with a bucket of their own."""
    return {"cloudfront-viewer-address": f"{an_ip()}:443" if viewer is None else viewer, "x-sallyport-origin": secret}


@pytest.fixture
def clock() -> Iterator[MovableTime]:
    """It stands, or a bucket would fill again."""
    with StoppedTime(Time(int(time.time() + 1) * SECOND)).installed() as clock:
        yield clock


@pytest.fixture(scope="module")
def deployment(cloud: Cloud, recording: RecordingClients) -> Deployment:
    settings = {
        **STRICT,
        "TRUSTED_ADDRESS_HEADER": "CloudFront-Viewer-Address",
        "ORIGIN_SECRET": f"{SECRET},{NEXT_SECRET}",
        "ADDRESS_ATTEMPT_LIMIT": str(ATTEMPTS),
    }
    return deploy(ISSUER, settings, table_name=f"proxied-{new_id()}", clients=recording)


def post(stack: Stack, path: str, body: Any, headers: Mapping[str, str], access_token: str | None = None) -> Answer:
    return stack.post(path, body, access_token=access_token, ip=EDGE, headers=headers)


def log_in(stack: Stack, user: User, headers: Mapping[str, str]) -> Answer:
    return post(stack, "/auth/login", {"email": user.email, "password": PASSWORD}, headers)


def throttled(stack: Stack) -> list[Any]:
    """Return every counter."""
    items = boto3.client("dynamodb").scan(TableName=stack.deployment.table_name)["Items"]
    return sorted((item for item in items if item["PK"]["S"].startswith("THROTTLE#")), key=str)


@pytest.mark.parametrize("headers", AROUND_THE_PROXY.values(), ids=AROUND_THE_PROXY)
def test_l29_around_the_proxy_every_route_but_the_well_known_documents_is_refused_before_anything_else(
    stack: Stack, watch: Watch, headers: Mapping[str, str]
) -> None:
    before = throttled(stack)
    for (method, path), route in stack.deployment.routes.items():
        event = sample("logout_ended", body={**NO_PROOF, "email": "ann@example.com"})
        event["routeKey"] = f"{method} {path}"
        event["headers"] |= headers
        with watch.quiet(SECRET, NEXT_SECRET, reads=frozenset({"Query"} if path in WELL_KNOWN else ())) as lines:
            answer = stack.call(route.function, event)
        if path in WELL_KNOWN:
            assert answer.status == 200
            continue
        assert (answer.status, answer.body["code"], lines[0]["outcome"]) == (403, "origin_rejected", "origin_rejected")
        assert answer.headers["content-type"] == "application/problem+json"
        assert SECRET not in str(answer)
    assert throttled(stack) == before


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("192.0.2.144:46532", "192.0.2.144"),
        ("2001:db8:1:3::7:443", "2001:db8:1:3::7"),
        ("[2001:db8:1:4::7]:443", "2001:db8:1:4::7"),
    ],
)
def test_l29_through_the_proxy_a_session_is_opened_from_the_viewers_address(
    stack: Stack, user: User, secret: str, header: str, address: str
) -> None:
    forged = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9"}

    opened = log_in(stack, user, {**forged, **by_proxy(header, secret)})

    _, session = stack.sessions.load(user.user_id, opened.body["session_id"])
    assert session is not None
    assert session.ip == address


@pytest.mark.parametrize(
    "header", [None, "", "192.0.2.44:1,192.0.2.45:1", "192.0.2.44,192.0.2.44", "unknown", "192.0.2.44:99999"]
)
def test_l29_beside_the_secret_anything_but_one_address_is_an_invalid_request(
    stack: Stack, user: User, watch: Watch, header: str | None
) -> None:
    headers = by_proxy(header or "")
    if header is None:
        del headers["cloudfront-viewer-address"]

    with watch.quiet(SECRET, reads=frozenset()):
        answer = log_in(stack, user, headers)

    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert [error["field"] for error in answer.body["errors"]] == ["cloudfront-viewer-address"]


def test_l29_viewers_have_buckets_of_their_own_and_an_ipv6_network_has_one(stack: Stack) -> None:
    def attempt(viewer: str) -> int:
        return post(stack, "/auth/verify-email", NO_PROOF, by_proxy(viewer)).status

    network = [f"2001:db8:aa:1::{host:x}:443" for host in range(ATTEMPTS)]
    assert [attempt(viewer) for viewer in network] == [400] * ATTEMPTS
    assert attempt("[2001:db8:aa:1:ffff::1]:50000") == 429
    assert attempt("2001:db8:aa:2::1:443") == 400
    assert [attempt("192.0.2.44:1") for _ in range(ATTEMPTS + 1)] == [400] * ATTEMPTS + [429]
    assert attempt("192.0.2.45:1") == 400
    assert attempt(f"{EDGE}:1") == 400
    stranger = {"email": "ann@example.com", "password": PASSWORD}
    assert post(stack, "/auth/login", stranger, by_proxy(network[0])).status == 429  # the bucket is that of logins, too
    assert post(stack, "/auth/login", stranger, by_proxy("2001:db8:aa:3::1:443")).status == 401


def test_l29_a_notice_says_the_viewers_address(stack: Stack, user: User) -> None:
    tokens = log_in(stack, user, by_proxy()).body
    passwords = {"current_password": PASSWORD, "new_password": "another horse, another battery"}

    token = tokens["access_token"]
    assert post(stack, "/auth/password/change", passwords, by_proxy("192.0.2.77:1"), token).status == 200

    (mail,) = stack.mails_to(user.email)
    assert "192.0.2.77" in mail["text"]
    assert EDGE not in mail["text"]


def test_l29_the_authorizer_asks_for_no_secret_and_logs_none(stack: Stack, user: User, watch: Watch) -> None:
    """Other people's APIs use it. It logs nothing of a request that it allows."""
    token = log_in(stack, user, by_proxy()).body["access_token"]
    event = sample("authorizer_allowed", authorization=f"Bearer {token}")
    assert stack.invoke("Authorizer", event)["isAuthorized"]

    event["headers"] |= {**by_proxy(), "authorization": "Bearer x"}
    assert watch.denies_event(event, "HTTP API 2.0", SECRET)


def test_l29_at_the_gateway_a_token_opens_a_protected_route_only_through_the_proxy(stack: Stack, user: User) -> None:
    gateway = gateway_before(stack)
    token = log_in(stack, user, by_proxy()).body["access_token"]

    def ask(authorization: str, *headers: tuple[str, str]) -> tuple[int, Any]:
        answer = gateway.answer(a_request("GET", "/auth/me", ("authorization", authorization), *headers))
        return answer.status, json.loads(answer.body)

    header, secret = by_proxy().items()
    assert ask("Bearer x") == (403, {"message": "Forbidden"})
    status, problem = ask(f"Bearer {token}")
    assert (status, problem["code"]) == (403, "origin_rejected")
    status, described = ask(f"Bearer {token}", header, secret)
    assert (status, described["sub"]) == (200, unverified_claims(token)["sub"])
    status, problem = ask(f"Bearer {token}", header, secret, secret)  # one that the proxy would have overwritten
    assert (status, problem["code"]) == (403, "origin_rejected")
    status, problem = ask(f"Bearer {token}", header, ("cloudfront-viewer-address", "192.0.2.9:1"), secret)
    assert (status, problem["code"]) == (400, "invalid_request")
    status, _ = ask(f"Bearer {token}", (header[0].title(), header[1]), (secret[0].title(), secret[1]))
    assert status == 200


def test_l29_a_secret_that_was_rotated_out_opens_nothing(cloud: Cloud, recording: RecordingClients) -> None:
    settings = {"TRUSTED_ADDRESS_HEADER": "X-Viewer-Address", "ORIGIN_SECRET": NEXT_SECRET}
    rotated = deploy(ISSUER, {**STRICT, **settings}, table_name=f"rotated-{new_id()}", clients=recording)

    def status(secret: str) -> int:
        event = sample("logout_ended", body={})
        event["headers"] |= {"x-viewer-address": "192.0.2.44", "x-sallyport-origin": secret}
        answer: int = rotated.functions["Logout"].invoke(event)["statusCode"]
        return answer

    assert (status(SECRET), status(NEXT_SECRET)) == (403, 204)
