"""Other gateways, run with the configurations of examples/gateways (docs/verifying.md)."""

import struct
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dev.aws.cloud import LOCAL
from dev.aws.deployment import Deployment
from dev.gateway.events import HttpRequest, HttpResponse
from dev.gateway.gateway import Gateway
from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import system_clock
from tests.attacks.conftest import active_key
from tests.support.deployed import Stack
from tests.support.gateways import Application, caddy, envoy, haproxy, nginx, served, traefik
from tests.support.tokens import segment, unverified_claims

Start: TypeAlias = Callable[..., AbstractContextManager[int]]
GATEWAYS: Mapping[str, Start] = {"nginx": nginx, "caddy": caddy, "envoy": envoy, "traefik": traefik}
CACHE_SECONDS = 5

FORGED = [
    ("X-Auth-Sub", "root"),
    ("x-auth-sid", "mine"),
    ("X-Auth-Client", "mine"),
    ("X-Auth-Scope", "everything"),
    ("X-Auth-Roles", "admin"),
    ("X-AUTH-ROLES", "owner"),
    ("X_Auth_Sub", "root"),
    ("X-Auth_Roles", "admin"),
    ("x_auth-roles", "admin"),
]


@dataclass
class Sallyport:
    """The local gateway before the deployed functions. Notes what verify is asked; `away` answers instead of it."""

    deployment: Deployment
    asked: list[HttpRequest] = field(default_factory=list)
    away: int | None = None

    def __post_init__(self) -> None:
        self.mode("bounded")

    def mode(self, mode: str, **more: str) -> None:
        """Start verify anew, in another mode."""
        environment = {"TABLE_NAME": self.deployment.table_name, "REVOCATION_MODE": mode, **more}
        verify = LocalFunction(FunctionSpec("Verify", ROOT / "functions/verify", environment, timeout=10))
        self._gateway = Gateway(
            functions={**self.deployment.functions, "Verify": verify},
            routes=self.deployment.routes,
            cors=None,
            dev_routes={},
            hosts=("127.0.0.1",),
            now_ms=system_clock,
        )

    def answer(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        return HttpResponse(self.away, (), b"") if self.away else self._gateway.answer(request)


@dataclass(frozen=True)
class Site:
    """An application, the gateway before it, and Sallyport behind that."""

    kind: str
    port: int
    folder: Path
    application: Application
    sallyport: Sallyport

    def request(
        self, token: str | None = None, method: str = "GET", path: str = "/orders", **more: Any
    ) -> httpx.Response:
        headers = [*more.pop("headers", ()), *([("Authorization", f"Bearer {token}")] if token else ())]
        return httpx.request(method, f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=30, **more)


@pytest.fixture(scope="module", params=GATEWAYS)
def started(
    request: pytest.FixtureRequest, deployment: Deployment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    application, sallyport = Application(), Sallyport(deployment)
    folder = tmp_path_factory.mktemp(request.param)
    with (
        served(application.answer) as behind,
        served(sallyport.answer) as asked,
        GATEWAYS[request.param](folder, sallyport=asked, application=behind) as port,
    ):
        yield Site(request.param, port, folder, application, sallyport)


@pytest.fixture
def site(started: Site, stack: Stack) -> Iterator[Site]:
    """A site that nobody has asked anything yet."""
    started.sallyport.mode("bounded", REVOCATION_POLL_SECONDS=str(CACHE_SECONDS))
    started.application.requests.clear()
    started.sallyport.asked.clear()
    yield started
    started.sallyport.away = None


def told(answer: httpx.Response) -> dict[str, str]:
    """Return the headers that the application got, each of which came once."""
    headers: list[tuple[str, str]] = answer.json()["headers"]
    names = [name.replace("_", "-") for name, _ in headers]  # as WSGI and CGI read them
    assert len(names) == len(set(names))
    return dict(headers)


def identity(answer: httpx.Response) -> dict[str, str]:
    """Return what the application was told of the caller. A header that is empty counts as one that is not there."""
    return {
        name: value for name, value in told(answer).items() if name.replace("_", "-").startswith("x-auth") and value
    }


def test_a_good_token_passes_and_the_application_is_told_who_it_is_and_no_secret(site: Site, stack: Stack) -> None:
    user = stack.new_user()
    tokens = stack.log_in(user).body

    answer = site.request(tokens["access_token"], headers=[("Cookie", "__Host-refresh_token=secret")])

    assert answer.status_code == 200
    assert identity(answer) == {
        "x-auth-sub": user.user_id,
        "x-auth-sid": tokens["session_id"],
        "x-auth-client": "sallyport",
        "x-auth-roles": "reader writer",
    }
    assert not {"authorization", "cookie"} & told(answer).keys()
    (question,) = site.sallyport.asked
    assert "secret" not in str(question)


@pytest.mark.parametrize(("token", "challenge"), [(None, "Bearer"), ("not.a.token", 'Bearer error="invalid_token"')])
def test_without_a_good_token_it_is_401_with_a_challenge_and_the_application_hears_nothing(
    site: Site, token: str | None, challenge: str
) -> None:
    answer = site.request(token)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)
    assert not site.application.requests


def test_what_a_visitor_says_of_themselves_never_reaches_the_application(site: Site, stack: Stack) -> None:
    user = stack.new_user(roles=())
    tokens = stack.log_in(user).body
    forged = [(name, value) for name, value in FORGED if site.kind != "envoy" or "_" not in name]

    answer = site.request(tokens["access_token"], headers=forged)

    assert identity(answer) == {
        "x-auth-sub": user.user_id,
        "x-auth-sid": tokens["session_id"],
        "x-auth-client": "sallyport",
    }
    assert site.request(None, headers=forged).status_code == 401


def test_envoy_refuses_names_with_underscores(site: Site, stack: Stack) -> None:
    if site.kind != "envoy":
        pytest.skip("drops them")

    answer = site.request(stack.log_in(stack.new_user()).body["access_token"], headers=[("X_Auth_Sub", "root")])

    assert (answer.status_code, site.application.requests) == (400, [])


def test_a_path_that_asks_for_a_role_is_403_for_others_however_it_is_written(site: Site, stack: Stack) -> None:
    if site.kind == "envoy":
        pytest.skip("can ask for no role")
    reader, admin = (
        stack.log_in(stack.new_user(roles=roles)).body["access_token"] for roles in (("reader",), ("admin",))
    )

    def status(token: str, path: str) -> int:
        connection = httpx.Client(
            base_url=f"http://127.0.0.1:{site.port}", headers={"Authorization": f"Bearer {token}"}
        )
        with connection as client:
            request = client.build_request("GET", "/")
            request.extensions["target"] = path.encode()  # as it is: a client would tidy it
            return client.send(request).status_code

    assert site.request(reader).status_code == 200  # kept, where answers are kept
    for path in ("/admin/users", "/admin", "/x/../admin/", "/%61dmin/users", "//admin/users"):
        assert (status(reader, path), status(admin, path)) == (403, 200), path


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_method_path_query_and_body_are_the_applications(site: Site, stack: Stack, method: str) -> None:
    token = stack.log_in(stack.new_user()).body["access_token"]
    body = "" if method in ("HEAD", "OPTIONS") else "x" * 100_000

    answer = site.request(token, method, "/orders?role=admin&x=1", content=body)

    assert answer.status_code == 200
    (request,) = site.application.requests
    assert (request.method, request.target, request.body) == (method, "/orders?role=admin&x=1", body.encode())


@pytest.mark.parametrize("status", [429, 500, 503])
def test_while_sallyport_cannot_answer_nobody_passes(site: Site, stack: Stack, status: int) -> None:
    site.sallyport.away = status

    answer = site.request(stack.log_in(stack.new_user()).body["access_token"])

    said = {"nginx": 500, "caddy": status, "envoy": 429 if status == 429 else 503, "traefik": status}
    assert answer.status_code == said[site.kind]
    assert not site.application.requests


def test_nginx_keeps_answers_and_the_others_ask_every_time(site: Site, stack: Stack) -> None:
    first, second = (stack.log_in(stack.new_user()).body for _ in range(2))

    seen = [identity(site.request(tokens["access_token"]))["x-auth-sid"] for tokens in (first, second) * 3]

    assert seen == [first["session_id"], second["session_id"]] * 3
    assert len(site.sallyport.asked) == (2 if site.kind == "nginx" else 6)


def test_a_denial_is_not_kept(site: Site) -> None:
    assert [site.request("not.a.token").status_code for _ in range(2)] == [401, 401]

    assert len(site.sallyport.asked) == 2


def test_in_strict_nothing_is_kept_and_a_revocation_bites_on_the_next_request(site: Site, stack: Stack) -> None:
    site.sallyport.mode("strict")
    tokens = stack.log_in(stack.new_user()).body
    assert site.request(tokens["access_token"]).status_code == 200

    stack.log_out(refresh_token=tokens["refresh_token"])

    assert site.request(tokens["access_token"]).status_code == 401


def test_in_bounded_a_revocation_bites_after_sallyports_seconds_and_those_of_the_answer_that_is_kept(
    site: Site, stack: Stack
) -> None:
    """Sallyport's clock is moved. nginx's own runs, so this waits for the shortest time that an answer can be kept."""
    site.sallyport.mode("bounded", REVOCATION_POLL_SECONDS="1")
    tokens = stack.log_in(stack.new_user()).body
    assert site.request(tokens["access_token"]).status_code == 200

    stack.log_out(refresh_token=tokens["refresh_token"])
    stack.clock.advance(1)

    begun = time.monotonic()
    passed = 0
    while site.request(tokens["access_token"]).status_code == 200:
        passed += 1
        assert time.monotonic() - begun < 2 * CACHE_SECONDS
    if site.kind != "nginx":
        assert passed == 0


def test_nginx_keeps_an_answer_for_exactly_as_long_as_it_is_told(site: Site, stack: Stack) -> None:
    """Read in its file, whose head says until which second it is good and when it came. So nothing has to wait."""
    if site.kind != "nginx":
        pytest.skip("keeps nothing")
    site.sallyport.mode("bounded", REVOCATION_POLL_SECONDS="17")
    stack.clock.advance(0)
    token = stack.log_in(stack.new_user()).body["access_token"]
    before = set(site.folder.glob("answers/*"))
    begun = int(time.time())

    site.request(token)

    (kept,) = set(site.folder.glob("answers/*")) - before
    ended = int(time.time())
    version, good_until = struct.unpack("=Qq", kept.read_bytes()[:16])
    assert version == 5  # of this head, in nginx 1.11.10 and later
    assert begun + 17 <= good_until <= ended + 17
    assert kept.stat().st_mode & 0o077 == 0
    assert kept.parent.stat().st_mode & 0o077 == 0


# HAProxy, which verifies by itself


@pytest.fixture(scope="module")
def behind_haproxy(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    application, folder = Application(), tmp_path_factory.mktemp("haproxy")
    table = Table(LOCAL.dynamodb(deployment.dynamodb_endpoint_url), deployment.table_name)
    published = PublishedKeys(table).public_ring()
    keys = [
        key.material.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in published.keys.values()
    ]
    with (
        served(application.answer) as behind,
        haproxy(folder, keys=keys, issuer=published.issuer, application=behind) as port,
    ):
        yield Site("haproxy", port, folder, application, Sallyport(deployment))


def test_haproxy_tells_the_application_who_it_is_and_no_secret_and_nothing_that_a_visitor_said(
    behind_haproxy: Site, stack: Stack
) -> None:
    user = stack.new_user()
    tokens = stack.log_in(user).body

    answer = behind_haproxy.request(tokens["access_token"], headers=[*FORGED, ("Cookie", "secret")])

    assert answer.status_code == 200
    assert identity(answer) == {
        "x-auth-sub": user.user_id,
        "x-auth-sid": tokens["session_id"],
        "x-auth-client": "sallyport",
    }
    assert not {"authorization", "cookie"} & told(answer).keys()


def test_haproxy_refuses_what_is_no_access_token_of_ours(behind_haproxy: Site, stack: Stack) -> None:
    access_signing_key = active_key(stack.deployment, "access")
    tokens = stack.log_in(stack.new_user()).body
    good = tokens["access_token"]
    claims = unverified_claims(good)
    (head, payload, signature), other = good.split("."), segment({**claims, "sub": "root"})
    bad = {
        "refresh token": tokens["refresh_token"],
        "device token": tokens["device_token"],
        "another payload": f"{head}.{other}.{signature}",
        "no signature": f"{segment({'alg': 'none', 'typ': 'at+jwt'})}.{payload}.",
        "another typ": access_signing_key.sign(claims, typ="JWT"),
        "another issuer": access_signing_key.sign({**claims, "iss": "https://evil.example"}, typ="at+jwt"),
        "another audience": access_signing_key.sign({**claims, "aud": "other"}, typ="at+jwt"),
        "over": access_signing_key.sign({**claims, "exp": int(time.time()) - 1}, typ="at+jwt"),
        "never over": access_signing_key.sign({**claims, "exp": "x"}, typ="at+jwt"),
        "without an end": access_signing_key.sign({n: v for n, v in claims.items() if n != "exp"}, typ="at+jwt"),
        "not a token": "not.a.token",
    }
    assert behind_haproxy.request(access_signing_key.sign(claims, typ="at+jwt")).status_code == 200
    behind_haproxy.application.requests.clear()

    for what, token in bad.items():
        answer = behind_haproxy.request(token)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"'), what
    without = behind_haproxy.request(None)
    assert (without.status_code, without.headers["www-authenticate"]) == (401, "Bearer")
    assert not behind_haproxy.application.requests
