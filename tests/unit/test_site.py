"""The server of the example page: what it serves to whom, and the headers that production has to send as well."""

import re
from pathlib import Path

import pytest

from dev.gateway.doors import only_by_name, own_hosts
from dev.gateway.events import HttpRequest, HttpResponse, own_answer
from dev.gateway.gateway import Gateway
from dev.sam.template import Route
from dev.site import EXAMPLE, HEADERS, LINKS, Site, with_site

README = (EXAMPLE / "README.md").read_text()


def asked(target: str = "/", method: str = "GET") -> HttpRequest:
    return HttpRequest(method, target, (("host", "127.0.0.1:5173"),), b"", "127.0.0.1", "HTTP/1.1")


def served(site: Site, target: str = "/") -> HttpResponse:
    response = site.answer(asked(target))
    assert response is not None
    return response


def policy_of(response: HttpResponse) -> set[str]:
    return set(dict(response.headers)["content-security-policy"].split("; "))


def test_the_page_may_be_framed_by_nobody_and_calls_only_its_api() -> None:
    policy = policy_of(served(Site()))

    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"} <= policy
    assert "connect-src 'self' http://127.0.0.1:8787 http://localhost:8787" in policy


def test_an_api_elsewhere_is_named_in_the_page_and_in_its_policy_by_both_names() -> None:
    response = served(Site(api="http://127.0.0.1:9000"))

    assert b'name="sallyport-url" content="http://127.0.0.1:9000"' in response.body
    assert "connect-src 'self' http://127.0.0.1:9000 http://localhost:9000" in policy_of(response)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_page_is_only_read(method: str) -> None:
    assert Site().answer(asked("/", method)) is None


def test_a_link_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    folder.mkdir()
    (tmp_path / "secret.js").write_text("secret")

    for path in (
        "/../secret.js",
        "/%2e%2e/secret.js",
        "//../secret.js",
        f"//{tmp_path}/secret.js",
        "/page/../../secret.js",
    ):
        assert Site(folder).answer(asked(path)) is None


def test_what_an_api_has_is_the_apis() -> None:
    routes = {("GET", path): Route(f"GET {path}", "F", None) for path in ("/auth/me", "/app.js")}
    api = Gateway(functions={}, routes=routes, cors=None, dev_routes={}, hosts=("h",), now_ms=lambda: 0)
    answer = with_site(Site(), lambda request: own_answer(404, "no file of the page"), api)

    answers = {
        path: b"no file of the page" in answer(asked(path)).body
        for path in ("/", *LINKS, "/style.css", "/auth/me", "/app.js")
    }

    assert [path for path, is_the_apis in answers.items() if is_the_apis] == ["/auth/me", "/app.js"]
    assert b"no file of the page" in answer(asked("/nothing")).body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5173", "127.0.0.1", "127.0.0.1:8787"])
def test_make_spa_answers_to_its_own_names_only(host: str) -> None:
    answer = only_by_name(lambda request: served(Site(), request.target), own_hosts(5173))
    request = HttpRequest("GET", "/", (("host", host),), b"", "127.0.0.1", "HTTP/1.1")

    assert answer(asked()).status == 200
    assert answer(request).status == 421


def test_the_readmes_snippet_for_production_sends_the_same() -> None:
    sent = {
        name.lower(): value for name, value in re.findall(r'^ *add_header (\S+) "(.*)" always;$', README, re.MULTILINE)
    }
    policy = set(sent.pop("content-security-policy").split("; "))

    def without_the_api(directives: set[str]) -> set[str]:
        return {directive for directive in directives if not directive.startswith("connect-src")}

    assert sent.pop("strict-transport-security") == "max-age=31536000"
    assert sent == HEADERS
    assert without_the_api(policy) == without_the_api(policy_of(served(Site())))
    assert "connect-src 'self' https://auth.example.com" in policy
