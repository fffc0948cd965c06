"""The local server's page at `/`, as bytes: what it may load, and when an API has that path for itself."""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256

import pytest

from dev.gateway.events import HttpRequest, HttpResponse
from dev.gateway.gateway import Gateway
from dev.page import FrontPage, with_page
from dev.sam.template import Route

REQUEST = HttpRequest("GET", "/", (), b"", "127.0.0.1", "HTTP/1.1")
PAGE = HttpResponse(200, (), b"the page")


def page(*keys: str, yours: tuple[str, ...] = ()) -> tuple[dict[str, str], str]:
    ours, others = ([Route(key, "F", "Guard") for key in each] for each in (keys, yours))
    response = FrontPage("bounded", "curl", ours, others).response()
    assert response.status == 200
    return dict(response.headers), response.body.decode()


def api(*keys: str) -> Gateway:
    routes = {("ANY" if key == "$default" else key.split()[0], key.split()[-1]): Route(key, "F", None) for key in keys}
    return Gateway(functions={}, routes=routes, cors=None, dev_routes={}, hosts=("h",), now_ms=lambda: 1)


def test_its_one_style_sheet_is_what_its_policy_allows() -> None:
    headers, html = page("GET /a")
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()

    assert headers["content-security-policy"].startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["content-type"] == "text/html; charset=utf-8"


def test_it_loads_nothing_and_runs_nothing() -> None:
    _, html = page("GET /a")

    assert not re.findall(r"""<script|\son\w+=|style=|@import|url\(|(?:src|href)=["']?(?:https?:)?//""", html)


def test_what_a_template_says_is_text_and_never_markup() -> None:
    _, html = page("GET /a", yours=("GET /<b>&",))

    assert "<code>GET /&lt;b&gt;&amp;</code>" in html
    assert "<b>" not in html


def test_your_own_routes_are_shown_where_there_are_any() -> None:
    assert "Your own routes" in page("GET /a", yours=("GET /mine",))[1]
    assert "Your own routes" not in page("GET /a")[1]


@pytest.mark.parametrize("request_line", [("GET", "/"), ("GET", "/?x=1")], ids=["plain", "with a query"])
def test_the_page_is_at_the_root(request_line: tuple[str, str]) -> None:
    method, target = request_line

    assert with_page(PAGE, api("GET /a"))(replace(REQUEST, method=method, target=target)) is PAGE


@pytest.mark.parametrize("request_line", [("HEAD", "/"), ("POST", "/"), ("GET", "//"), ("GET", "/x"), ("GET", "")])
def test_it_is_nowhere_else(request_line: tuple[str, str]) -> None:
    method, target = request_line

    answer = with_page(PAGE, api("GET /a"))(replace(REQUEST, method=method, target=target))

    assert (answer.status, answer.body) == (404, b'{"message":"Not Found"}')


@pytest.mark.parametrize("key", ["POST /", "ANY /"])
def test_an_api_that_has_a_route_at_the_root_answers_there_itself(key: str) -> None:
    for apis in ([api(key)], [api("GET /a"), api(key)]):
        answer = with_page(PAGE, *apis)(replace(REQUEST, method="GET" if key.startswith("POST") else "TRACE"))

        assert (answer.status, answer.body) == (404, b'{"message":"Not Found"}')


def test_an_api_with_a_default_route_has_the_root_as_well() -> None:
    answer = with_page(PAGE, api("GET /a"), api("$default"))(REQUEST)

    assert answer.status == 500  # its function is asked, of which there is none here


def test_a_greedy_parameter_is_never_empty_and_so_leaves_the_root_to_the_page() -> None:
    assert with_page(PAGE, api("ANY /{proxy+}"))(REQUEST) is PAGE
