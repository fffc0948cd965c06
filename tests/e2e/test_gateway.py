"""The local gateway over HTTP: what API Gateway answers by itself, and what reaches the functions."""

import subprocess

import httpx
import pytest

from dev import demo
from tests.e2e.conftest import ROOT, Server


def own_answer(answer: httpx.Response) -> tuple[int, object]:
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, answer.json()


def test_a_protected_route_without_a_token_is_the_gateways_401(server: Server) -> None:
    assert own_answer(server.request("GET", "/auth/me")) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize("token", ["x", "a.b.c", "Bearer"])
def test_a_bad_token_is_the_gateways_403(server: Server, token: str) -> None:
    assert own_answer(server.me(token)) == (403, {"message": "Forbidden"})


def test_a_tampered_an_expired_and_a_wrong_kind_of_token_are_the_gateways_403(server: Server) -> None:
    tokens = server.log_in()
    assert server.me(tokens["access_token"]).status_code == 200

    assert server.me(tokens["access_token"][:-8] + "AAAAAAAA").status_code == 403
    assert server.me(tokens["refresh_token"]).status_code == 403
    server.advance(600)
    assert own_answer(server.me(tokens["access_token"])) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/"), ("HEAD", "/"), ("GET", "/auth/login"), ("POST", "/auth/me"), ("DELETE", "/auth/login"),
        ("HEAD", "/auth/login"), ("TRACE", "/auth/login"), ("POST", "/auth/login/"), ("POST", "/Auth/Login"),
        ("GET", "/auth/%256De"), ("GET", "/auth/../auth/me"), ("GET", "//auth/me"), ("GET", "/auth/me;x"),
        ("GET", "/_dev"), ("GET", "/_dev/clock"),
    ],
)  # fmt: skip
def test_e09_e14_what_no_route_matches_is_the_gateways_404(server: Server, method: str, path: str) -> None:
    answer = server.request_unchanged(method, path)

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(b'{"message":"Not Found"}') or method == "HEAD"


def test_e02_two_authorization_headers_are_denied(server: Server) -> None:
    good = f"Bearer {server.log_in()['access_token']}"

    for pair in ([good, good], [good, "Bearer x"], ["Bearer x", good]):
        answer = server.request("GET", "/auth/me", headers=[("Authorization", value) for value in pair])
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("content", "content_type", "expected"),
    [
        (b"{", "application/json", (400, "invalid_json")),
        (b'{"email":"a@example.com","email":"b@example.com"}', "application/json", (400, "invalid_json")),
        (b"\xff\xfe", "application/json", (400, "invalid_json")),
        (b'{"email":"a@example.com","password":"x","admin":true}', "application/json", (400, "unknown_field")),
        (b'{"email":"a@example.com"}', "application/json", (400, "invalid_request")),
        (b"email=a&password=b", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        (b'{"a":"' + b"x" * 1_000_000 + b'"}', "application/json", (413, "payload_too_large")),
        (b"x" * 1_000_000, "application/octet-stream", (413, "payload_too_large")),
    ],
    ids=range(8),
)  # fmt: skip
def test_a_body_of_the_wrong_form_is_a_problem(
    server: Server, content: bytes, content_type: str, expected: tuple[int, str]
) -> None:
    answer = server.request("POST", "/auth/login", content=content, headers={"content-type": content_type})

    assert (answer.status_code, answer.json()["code"]) == expected
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_api_gateway_itself_would_not_take_is_its_413(server: Server) -> None:
    answer = server.request("POST", "/auth/login", content=b"x" * (10 * 1024 * 1024 + 1))

    assert own_answer(answer) == (413, {"message": "Request Entity Too Large"})


def test_headers_that_api_gateway_itself_would_not_take_are_its_431(server: Server) -> None:
    answer = server.request("GET", "/auth/me", headers={"Authorization": "Bearer x", "X-Padding": "x" * 10_240})

    assert own_answer(answer) == (431, {"message": "Request Header Fields Too Large"})


def test_every_answer_can_be_found_in_the_log(server: Server) -> None:
    answer = server.post("/auth/login", {})

    assert answer.headers["apigw-requestid"] == answer.json()["request_id"]


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(server: Server) -> None:
    wrong = server.post("/auth/login", {"email": demo.EMAIL, "password": "wrong"})
    unknown = server.post("/auth/login", {"email": "nobody@example.com", "password": demo.PASSWORD})

    def told(answer: httpx.Response) -> object:
        varying = {"date", "content-length", "apigw-requestid"}
        headers = {name: value for name, value in answer.headers.items() if name not in varying}
        return answer.status_code, headers, {**answer.json(), "request_id": ""}

    assert told(wrong) == told(unknown)
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")


def test_the_clock_moves_for_everybody(server: Server) -> None:
    before = server.post("/_dev/clock", {"advance_seconds": 0}).json()["now"]
    after = server.post("/_dev/clock", {"advance_seconds": 3600}).json()["now"]

    assert 3600 <= after - before < 3660


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"advance_seconds":"1"}', b'{"advance_seconds":1e9}',
                                  b'{"advance_seconds":999999999}', b'{"advance_seconds":true}'])  # fmt: skip
def test_a_clock_that_cannot_be_moved_so_says_how(server: Server, body: bytes) -> None:
    answer = server.request("POST", "/_dev/clock", content=body)

    assert answer.status_code == 400
    assert "message" in answer.json()


def test_the_outbox_is_empty(server: Server) -> None:
    assert server.request("GET", "/_dev/outbox").json() == {"messages": []}


def test_the_issuer_is_the_servers_own_url(server: Server) -> None:
    document = server.request("GET", "/.well-known/openid-configuration").json()

    assert document["issuer"] == server.url
    assert httpx.get(document["jwks_uri"]).json()["keys"]


def test_aws_jwt_verify_accepts_our_access_token_from_our_jwks(server: Server) -> None:
    if not (ROOT / "tests/node/node_modules/aws-jwt-verify").is_dir():
        pytest.skip("aws-jwt-verify is not installed: npm was not found")
    script = """
        import { JwtRsaVerifier } from "aws-jwt-verify";
        const [url, token] = process.argv.slice(1);
        const verifier = JwtRsaVerifier.create({ issuer: url, audience: "sallyport", jwksUri: url });
        verifier.cacheJwks(await (await fetch(url + "/.well-known/jwks.json")).json());
        console.log(JSON.stringify(await verifier.verify(token)));
    """
    tokens = server.log_in()

    def verify(token: str) -> "subprocess.CompletedProcess[str]":
        # The server's clock may be ahead of Node's, which only means that the token lives longer.
        return subprocess.run(
            ["node", "--input-type=module", "-e", script, server.url, token],
            cwd=ROOT / "tests/node", capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    accepted = verify(tokens["access_token"])

    assert accepted.returncode == 0, accepted.stderr
    assert tokens["session_id"] in accepted.stdout
    assert verify(tokens["access_token"][:-8] + "AAAAAAAA").returncode != 0
    assert verify(tokens["refresh_token"]).returncode != 0


OUR_PAGE = "http://127.0.0.1:5173"


def preflight(server: Server, origin: str) -> httpx.Response:
    wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    return server.request("OPTIONS", "/auth/login", headers={"Origin": origin, **wanted})


@pytest.mark.parametrize("page", [OUR_PAGE, "http://localhost:5173"])
def test_e11_a_page_of_ours_may_call_with_credentials(server: Server, page: str) -> None:
    asked = preflight(server, page)
    answered = server.request("GET", "/.well-known/jwks.json", headers={"Origin": page})

    assert asked.status_code == 204
    assert asked.headers["access-control-allow-methods"] == "GET,POST,DELETE"
    allowed = asked.headers["access-control-allow-headers"].split(",")
    assert {"x-sallyport-csrf", "traceparent", "sentry-trace"} <= set(allowed)
    for answer in (asked, answered):
        assert answer.headers["access-control-allow-origin"] == page
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", f"{OUR_PAGE}.evil.example", "https://127.0.0.1:5173", "http://sub.127.0.0.1:5173"],
)
def test_e11_no_other_origin_is_ever_named(server: Server, origin: str) -> None:
    asked = preflight(server, origin)
    answered = server.request("POST", "/auth/login", json={}, headers={"Origin": origin})

    assert (asked.status_code, answered.status_code) == (204, 400)
    for answer in (asked, answered):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_refusal_of_the_gateway_itself_can_be_read_by_our_page(server: Server) -> None:
    answer = server.request("GET", "/auth/me", headers={"Origin": OUR_PAGE, "Authorization": "Bearer x"})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (403, OUR_PAGE)


def test_cookie_mode_over_http(server: Server) -> None:
    page = {"Origin": OUR_PAGE, "X-Sallyport-CSRF": "1"}
    login = {"email": demo.EMAIL, "password": demo.PASSWORD, "mode": "cookie"}
    answer = server.request("POST", "/auth/login", json=login, headers=page)
    held = answer.headers.get_list("set-cookie")[0].partition(";")[0]

    def refresh(**headers: str) -> int:
        return server.request("POST", "/auth/refresh", headers={"Cookie": held, **headers}).status_code

    assert "refresh_token" not in answer.json()
    assert refresh(**page) == 200
    assert refresh() == 403
    left = server.request("POST", "/auth/logout", headers={"Cookie": held, **page})
    assert (left.status_code, "Max-Age=0" in left.headers["set-cookie"]) == (204, True)
    assert refresh(**page) == 401
