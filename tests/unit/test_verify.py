"""/auth/verify by itself: what it asks for, what it says of the caller, and for how long that may be kept."""

from dataclasses import replace
from typing import Any

import pytest

from sallyport.errors import InvalidRequest, RoleMissing, TokenRejected, Unavailable
from sallyport.http.endpoints.verify import ROUTE, ROUTE_BELOW, VerifyEndpoint
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.use_cases.authorize import Authorized
from tests.support.builders import NOW, SECOND, a_token

TOKEN = a_token(sub="user-1", sid="session-1")


def verify(
    *,
    query: dict[str, list[str]] | None = None,
    route: str = ROUTE,
    roles: tuple[str, ...] | None = ("reader", "writer"),
    knows_roles: bool = True,
    cache_seconds: int = 5,
    now: int = NOW,
    headers: dict[str, str] | None = None,
    cookies: tuple[str, ...] = (),
    body: bytes = b"",
    **claims: Any,
) -> Response:
    endpoint = VerifyEndpoint(
        authorize=lambda _: Authorized(replace(TOKEN, **claims), roles),
        knows_roles=knows_roles,
        cache_seconds=cache_seconds,
        clock=lambda: now * SECOND,
    )
    sent = {"authorization": "Bearer a.b.c"} if headers is None else headers
    return endpoint(Request(route, {}, query or {}, sent, cookies, body, "192.0.2.1", "nginx", {}, "r"))


def test_every_header_is_there_though_there_is_nothing_to_say() -> None:
    answer = verify(roles=None)

    assert (answer.status, answer.body) == (204, None)
    assert answer.headers == {
        "x-auth-sub": "user-1",
        "x-auth-sid": "session-1",
        "x-auth-client": "c",
        "x-auth-scope": "",
        "x-auth-roles": "",
        "x-accel-expires": "5",
    }


def test_scope_and_roles_are_told_with_spaces_between() -> None:
    told = verify(scope="read write").headers

    assert (told["x-auth-scope"], told["x-auth-roles"]) == ("read write", "reader writer")


@pytest.mark.parametrize(("cache_seconds", "now", "told"), [
    (5, NOW, "5"), (5, TOKEN.exp - 5, "5"), (5, TOKEN.exp - 4, "4"), (60, TOKEN.exp - 1, "1"), (0, NOW, "0"),
])  # fmt: skip
def test_an_answer_may_be_kept_for_the_polls_seconds_and_never_beyond_the_tokens_end(
    cache_seconds: int, now: int, told: str
) -> None:
    assert verify(cache_seconds=cache_seconds, now=now).headers["x-accel-expires"] == told


@pytest.mark.parametrize("wanted", [["reader"], ["writer", "reader"], ["reader", "reader"]])
def test_who_has_every_role_passes(wanted: list[str]) -> None:
    assert verify(query={"role": wanted}).status == 204


@pytest.mark.parametrize("wanted", [["admin"], ["reader", "admin"], ["Reader"]])
def test_one_role_that_is_missing_is_enough_to_be_refused(wanted: list[str]) -> None:
    with pytest.raises(RoleMissing):
        verify(query={"role": wanted})


def test_below_it_the_query_is_the_visitors_and_asks_for_nothing() -> None:
    query = {"role": ["admin"], "utm_source": ["mail"]}

    assert verify(route=ROUTE_BELOW, query=query).status == 204
    assert verify(route=ROUTE_BELOW, query=query, knows_roles=False, roles=None).status == 204


@pytest.mark.parametrize(
    "query", [{"roles": ["admin"]}, {"role": [""]}, {"role": ["a b"]}, {"role": ["a,b"]}, {"": [""]}]
)
def test_a_slip_in_the_gateways_configuration_lets_nobody_pass(query: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidRequest):
        verify(query=query)


def test_who_asks_for_roles_where_nobody_reads_them_is_told_so_before_the_token_is_looked_at() -> None:
    with pytest.raises(InvalidRequest) as refused:
        verify(query={"role": ["reader"]}, knows_roles=False, roles=None, headers={})

    assert [(error.field, error.code) for error in refused.value.errors] == [("role", "not_allowed")]


@pytest.mark.parametrize("role", ["admin\r\nX-Auth-Sub: root", "viewer admin", "r\u00f4le", "", "a" * 65])
def test_a_role_that_is_none_puts_nothing_into_a_header_and_grants_nothing(role: str) -> None:
    with pytest.raises(Unavailable):
        verify(roles=("reader", role))


@pytest.mark.parametrize("claim", ["client_id", "scope"])
@pytest.mark.parametrize("text", ["a\r\nX-Auth-Roles: admin", "a\nb", "\u00e4", "a\x00", "a\x7f"])
def test_a_claim_that_would_not_stay_on_its_line_is_refused(claim: str, text: str) -> None:
    with pytest.raises(TokenRejected) as refused:
        verify(**{claim: text})  # type: ignore[arg-type]  # a claim of an access token

    assert refused.value.fault == claim


def test_the_token_comes_in_the_authorization_header_and_nowhere_else() -> None:
    elsewhere: list[dict[str, Any]] = [
        {"cookies": ("access_token=a.b.c", "Authorization=Bearer a.b.c")},
        {"body": b"access_token=a.b.c"},
        {"headers": {"x-forwarded-access-token": "a.b.c", "x-authorization": "Bearer a.b.c"}},
        {"headers": {"authorization": "Basic YTpi"}},
        {"route": ROUTE_BELOW, "query": {"access_token": ["a.b.c"]}},
    ]
    for request in elsewhere:
        with pytest.raises(TokenRejected) as refused:
            verify(**{"headers": {}, **request})
        assert refused.value.fault == "authorization"
