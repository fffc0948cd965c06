"""`make sam-local`: what was built, behind sam local's API Gateway, on an embedded AWS."""

import json
import re
import subprocess

import httpx

from dev import demo
from dev.walkthrough import sam_local_lines
from tests.sam_local.conftest import serving

PAGE = "http://127.0.0.1:5173"
CREDENTIALS = {"email": demo.EMAIL, "password": demo.PASSWORD}


def logged_in(client: httpx.Client) -> dict[str, str]:
    answer = client.post("/auth/login", json=CREDENTIALS)
    assert answer.status_code == 200, answer.text
    tokens: dict[str, str] = answer.json()
    return tokens


def me(client: httpx.Client, *headers: tuple[str, str]) -> int:
    return client.get("/auth/me", headers=list(headers)).status_code


def test_the_walkthrough_that_it_prints_answers_what_it_says(url: str) -> None:
    ran = subprocess.run(
        ["bash", "-c", sam_local_lines(url, "bounded")], capture_output=True, text=True, timeout=300, check=True
    )  # fmt: skip

    answers = re.sub(r"\n+", "\n", ran.stdout).splitlines()
    assert [line for line in answers if not line.startswith("{")] == [
        "Log in and call a protected route",
        "Refresh, and call it with the new token",
        "Without a token, and with a bad one",
        "Log out, and be refused five seconds later, as REVOCATION_MODE=bounded promises",
        "204",
    ]
    first, again, without, bad, revoked, refused = (json.loads(line) for line in answers if line.startswith("{"))
    assert first["email"] == again["email"] == demo.EMAIL
    assert without == {"message": "Unauthorized"}
    assert bad == revoked
    assert "email" not in bad
    assert refused["code"] == "invalid_grant"


def test_a_good_token_passes_in_every_spelling_of_the_header_and_two_headers_never(client: httpx.Client) -> None:
    good = f"Bearer {logged_in(client)['access_token']}"

    for name in ("Authorization", "authorization", "AUTHORIZATION"):
        assert me(client, (name, good)) == 200
    for headers in (
        [("Authorization", good), ("Authorization", good)],
        [("Authorization", good), ("authorization", "Bearer x")],
        [("Authorization", f"{good}, {good}")],
        [("Authorization", "Bearer not.a.token")],
    ):
        assert me(client, *headers) in (401, 403)
    assert me(client) == 401


def test_no_parameter_makes_it_serve_a_protected_route_without_the_authorizer() -> None:
    with serving(REVOCATION_MODE="strict") as url, httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        tokens = logged_in(client)

        assert me(client, ("Authorization", "Bearer x")) == 403
        assert me(client, ("Authorization", f"Bearer {tokens['access_token']}")) == 200
        client.post("/auth/logout", json={"refresh_token": tokens["refresh_token"]})
        assert me(client, ("Authorization", f"Bearer {tokens['access_token']}")) == 403  # strict: at once


def test_cookie_mode_and_cors_serve_the_example_page(client: httpx.Client) -> None:
    preflight = client.options(
        "/auth/login",
        headers={
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type,x-sallyport-csrf",
        },
    )
    page = {"Origin": PAGE, "X-Sallyport-CSRF": "1"}
    login = client.post("/auth/login", json={**CREDENTIALS, "mode": "cookie"}, headers=page)
    cookies = dict(cookie.split(";")[0].split("=", 1) for cookie in login.headers.get_list("set-cookie"))
    held = f"__Host-refresh_token={cookies['__Host-refresh_token']}"
    client.cookies.clear()

    refreshed = client.post("/auth/refresh", headers={**page, "Cookie": held})
    forged = client.post("/auth/refresh", headers={"Origin": "https://evil.example", "Cookie": held})

    assert preflight.headers["access-control-allow-origin"] == PAGE
    assert "x-sallyport-csrf" in preflight.headers["access-control-allow-headers"]
    assert (login.status_code, "refresh_token" in login.json()) == (200, False)
    assert (refreshed.status_code, refreshed.headers["access-control-allow-origin"]) == (200, PAGE)
    assert forged.status_code == 403
    assert "access-control-allow-origin" not in forged.headers
    client.cookies.clear()
