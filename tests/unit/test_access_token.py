"""The access token: what it says, and exactly when it is good."""

from dataclasses import replace

import pytest

from sallyport.errors import InvalidToken
from sallyport.keys.key import public_key
from sallyport.tokens import access
from sallyport.tokens.access import AccessToken, AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from tests.support.builders import NOW
from tests.support.tokens import ISSUER, KnownKeys, access_key, made_access_key

TOKEN = AccessToken(
    iss=ISSUER,
    sub="user-1",
    aud="sallyport",
    client_id="app",
    iat=NOW,
    exp=NOW + 600,
    jti="token-1",
    sid="session-1",
    ver=3,
    auth_time=NOW - 50,
)


def verifier(**rules: int) -> AccessTokenVerifier:
    jwk = made_access_key().jwk
    assert jwk is not None
    times = TimeRules(**{"lifetime": 600, "leeway": 30, "not_before": 0, **rules})
    keys = KnownKeys({jwk["kid"]: public_key(jwk)})
    return AccessTokenVerifier(keys, keys, "sallyport", times)


def reason(token: AccessToken, now: int, **rules: int) -> str:
    with pytest.raises(InvalidToken) as refused:
        verifier(**rules).verify(access.sign(token, access_key()), now=now)
    return refused.value.reason


def changed(**changes: object) -> AccessToken:
    return replace(TOKEN, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("scope", [None, "read write"])
def test_what_was_signed_is_what_is_read(scope: str | None) -> None:
    token = changed(scope=scope)

    assert verifier().verify(access.sign(token, access_key()), now=NOW) == token


def test_it_dies_at_exp_to_the_second() -> None:
    assert verifier().verify(access.sign(TOKEN, access_key()), now=NOW + 599) == TOKEN
    assert reason(TOKEN, NOW + 600) == "expired"
    assert reason(TOKEN, NOW + 601) == "expired"


def test_it_may_be_issued_by_a_clock_that_is_thirty_seconds_ahead_and_no_more() -> None:
    assert verifier().verify(access.sign(TOKEN, access_key()), now=NOW - 30) == TOKEN
    assert reason(TOKEN, NOW - 31) == "iat"


def test_it_may_not_live_longer_than_configured() -> None:
    assert verifier(lifetime=600).verify(access.sign(TOKEN, access_key()), now=NOW) == TOKEN
    assert reason(TOKEN, NOW, lifetime=599) == "exp"


def test_everything_issued_before_a_disaster_can_be_refused() -> None:
    assert verifier(not_before=NOW).verify(access.sign(TOKEN, access_key()), now=NOW) == TOKEN
    assert reason(TOKEN, NOW, not_before=NOW + 1) == "iat"


@pytest.mark.parametrize("audience", ["", "sally", "sallyport ", "SALLYPORT", "other"])
def test_another_audience_is_refused(audience: str) -> None:
    assert reason(changed(aud=audience), NOW) == "aud"


@pytest.mark.parametrize(
    "issuer", ["", ISSUER + "/", ISSUER.upper(), "https://auth.example.co", "https://auth。example.com"]
)
def test_another_issuer_is_refused(issuer: str) -> None:
    assert reason(changed(iss=issuer), NOW) == "iss"
