"""`make dev` with a proxy expected in front (docs/attacks.md L29)."""

from typing import Any

import httpx

from dev import demo
from tests.e2e.conftest import Server, running

SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"
BY_PROXY = {"X-Viewer-Address": "192.0.2.44", "X-Sallyport-Origin": SECRET}


def log_in(server: Server, headers: dict[str, str]) -> httpx.Response:
    body = {"email": demo.EMAIL, "password": demo.PASSWORD}
    return server.request("POST", "/auth/login", json=body, headers=headers)


def test_l29_make_dev_serves_what_comes_through_the_proxy_and_says_what_that_needs() -> None:
    with running(TRUSTED_ADDRESS_HEADER="X-Viewer-Address", ORIGIN_SECRET=SECRET) as server:
        opened = log_in(server, BY_PROXY)
        bearer = {**BY_PROXY, "Authorization": f"Bearer {opened.json()['access_token']}"}
        sessions: list[dict[str, Any]] = server.request("GET", "/auth/sessions", headers=bearer).json()["sessions"]
        around = [log_in(server, {}), log_in(server, {**BY_PROXY, "X-Sallyport-Origin": SECRET[::-1]})]
        published = server.request("GET", "/.well-known/jwks.json")
        server.process.interrupt()

        assert [session["ip"] for session in sessions if session["current"]] == ["192.0.2.44"]
        assert [(answer.status_code, answer.json()["code"]) for answer in around] == [(403, "origin_rejected")] * 2
        assert published.status_code == 200
        assert (
            "needs the headers X-Sallyport-Origin (a value of ORIGIN_SECRET) and X-Viewer-Address"
            in server.process.said
        )
        assert SECRET not in server.process.said + "".join(server.process.logged)
