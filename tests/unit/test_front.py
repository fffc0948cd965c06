"""The proxy in front of the API: what is an address, and which requests are believed (docs/attacks.md L29)."""

from collections.abc import Mapping
from typing import Any

import pytest

from sallyport.accounts.throttle import key_of_client
from sallyport.errors import InvalidRequest, OriginRejected
from sallyport.http.front import Front, address_in
from sallyport.http.request import Request
from sallyport.http.serve import anyone

CLOUDFRONT = "cloudfront-viewer-address"
SECRET = "6d1f0c8b5a7e4293b0c1d2e3f4a59687"
NEXT_SECRET = "Zk3-x_Q9.v~T7mW2bN5rL8cH1yF4pD6s"
FRONT = Front(CLOUDFRONT, (SECRET, NEXT_SECRET))


def a_request(headers: Mapping[str, str]) -> Request:
    return Request(
        route="POST /auth/login",
        path={},
        query={},
        headers=headers,
        cookies=(),
        body=b"",
        source_ip="198.51.100.1",
        user_agent="ua",
        caller={},
        request_id="r-1",
    )


def through_the_proxy(viewer: str, **more: Any) -> Request:
    return a_request({"x-sallyport-origin": SECRET, CLOUDFRONT: viewer, **more})


@pytest.mark.parametrize("ends_in_port", [True, False])
@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("192.0.2.44", "192.0.2.44"),
        ("192.0.2.44:46532", "192.0.2.44"),
        ("192.0.2.44:443", "192.0.2.44"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:db8::1:46532", "2001:db8::1"),
        ("2001:db8:1:2:3:4:5:6:443", "2001:db8:1:2:3:4:5:6"),
        ("2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:192.0.2.44", "192.0.2.44"),
        ("::ffff:192.0.2.44:443", "192.0.2.44"),
        ("[::ffff:192.0.2.44]:443", "192.0.2.44"),
        ("192.0.2.44:65535", "192.0.2.44"),
    ],
)
def test_one_address_is_read_with_a_port_and_without(value: str, address: str, *, ends_in_port: bool) -> None:
    assert address_in(value, ends_in_port=ends_in_port) == address


@pytest.mark.parametrize(
    ("value", "with_port", "alone"),
    [
        ("2001:db8::1:443", "2001:db8::1", "2001:db8::1:443"),
        ("2001::1:2:3:4:5:443", "2001::1:2:3:4:5", "2001:0:1:2:3:4:5:443"),  # of another /64, even
    ],
)
def test_where_cloudfront_always_adds_a_port_the_last_number_is_one(value: str, with_port: str, alone: str) -> None:
    assert address_in(value, ends_in_port=True) == with_port
    assert address_in(value, ends_in_port=False) == alone


NO_ADDRESS = [
    "", " ", "192.0.2.44,192.0.2.45", "192.0.2.44, 192.0.2.44", "192.0.2.44 192.0.2.45", "192.0.2.44,", ",192.0.2.44",
    "192.0.2.44:46532,192.0.2.45:46532", "192.0.2.44:", "192.0.2.44:65536", "192.0.2.44:http", "192.0.2.44:-1",
    "192.0.2.44:1:2", "192.0.2", "192.0.2.256", "192.0.2.044", "3221226028", "0xc000022c", " 192.0.2.44",
    "192.0.2.44\n", "192.0.2.44/32", "[192.0.2.44]:443", "[2001:db8::1", "2001:db8::1]", "[2001:db8::1]443",
    "[2001:db8::1]:", "[2001:db8::1]:65536", "[[2001:db8::1]]", "2001:db8:::x", "2001:db8::1::2",
    "2001:db8:1:2:3:4:5:6:7:443", "2001:db8:1:2:3:4:5:6:65536", "fe80::1%eth0", "[fe80::1%25eth0]:443", "::ffff:",
    "localhost", "unknown", "_hidden", "for=192.0.2.44", "١٩٢.0.2.44", "192.0.2.44:٤", "x" * 8000, "1" * 8000,
    ":" * 8000,
]  # fmt: skip


@pytest.mark.parametrize("ends_in_port", [True, False])
@pytest.mark.parametrize("value", NO_ADDRESS, ids=range(len(NO_ADDRESS)))
def test_anything_but_one_address_is_none(value: str, *, ends_in_port: bool) -> None:
    with pytest.raises(ValueError, match="not exactly one IP address"):
        address_in(value, ends_in_port=ends_in_port)


@pytest.mark.parametrize("secret", [SECRET, NEXT_SECRET])
def test_the_header_is_believed_beside_either_secret(secret: str) -> None:
    admitted = FRONT(a_request({"x-sallyport-origin": secret, CLOUDFRONT: "192.0.2.44:46532"}))

    assert admitted.source_ip == "192.0.2.44"


WRONG_SECRETS = [
    None, "", SECRET[:-1], f"{SECRET}0", SECRET.upper(), f"{SECRET},{SECRET}", f"{SECRET},{NEXT_SECRET}",
    f"{SECRET}, {SECRET}", f" {SECRET}", NEXT_SECRET.swapcase(), "x" * 10_000, "\ud800", "ü" * 32,
]  # fmt: skip


@pytest.mark.parametrize("sent", WRONG_SECRETS, ids=range(len(WRONG_SECRETS)))
def test_without_the_secret_a_request_is_refused_whatever_its_address(sent: str | None) -> None:
    headers = {} if sent is None else {"x-sallyport-origin": sent}
    for viewer in ({CLOUDFRONT: "192.0.2.44:46532"}, {CLOUDFRONT: "nonsense"}, {}):
        with pytest.raises(OriginRejected) as refused:
            FRONT(a_request({**headers, **viewer}))
        assert refused.value.reason == ("no_origin_secret" if sent is None else "wrong_origin_secret")


@pytest.mark.parametrize("headers", [{}, {CLOUDFRONT: ""}, {CLOUDFRONT: "192.0.2.44:1,192.0.2.45:1"}])
def test_beside_the_secret_a_header_without_exactly_one_address_is_an_invalid_request(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        FRONT(a_request({"x-sallyport-origin": SECRET, **headers}))

    (error,) = refused.value.errors
    assert (error.field, error.code) == (CLOUDFRONT, "not_an_address")
    assert "192.0.2" not in error.detail


def test_no_other_header_says_where_a_request_comes_from() -> None:
    others = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=203.0.113.9", "x-real-ip": "203.0.113.9"}

    assert FRONT(through_the_proxy("192.0.2.44:46532", **others)).source_ip == "192.0.2.44"


def test_only_cloudfronts_own_header_is_read_as_ending_in_a_port() -> None:
    value = "2001:db8::1:443"

    assert FRONT(through_the_proxy(value)).source_ip == "2001:db8::1"
    other = Front("x-viewer-address", (SECRET,))
    assert other(a_request({"x-sallyport-origin": SECRET, "x-viewer-address": value})).source_ip == value


def test_viewers_of_one_ipv6_network_are_one_client_and_edges_are_none() -> None:
    viewers = ["2001:db8:1:2::1:443", "2001:db8:1:2:ffff::1:50000", "[2001:db8:1:2::3]:443"]

    assert len({key_of_client(FRONT(through_the_proxy(viewer)).source_ip) for viewer in viewers}) == 1
    assert key_of_client(FRONT(through_the_proxy("2001:db8:1:3::1:443")).source_ip) != key_of_client("2001:db8:1:2::1")


def test_neither_endpoints_nor_reprs_show_the_secret() -> None:
    admitted = FRONT(through_the_proxy("192.0.2.44:1", accept="*/*"))

    assert admitted.headers == {CLOUDFRONT: "192.0.2.44:1", "accept": "*/*"}
    assert SECRET not in repr(FRONT)
    assert SECRET not in repr(through_the_proxy("192.0.2.44:1"))


def test_without_a_proxy_a_request_stays_as_it_came() -> None:
    request = through_the_proxy("192.0.2.44:1")

    assert anyone(request) is request
    assert request.source_ip == "198.51.100.1"
