"""The refresh token's own claims (J19, J20, J23): signed by our key, and still refused."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from sallyport.errors import InvalidToken
from sallyport.keys.make import new_key
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.refresh import RefreshToken, RefreshTokenVerifier, audience
from tests.attacks.hmac_secrets import KNOWN_SECRETS, with_hmac
from tests.support.builders import DAY, NOW
from tests.support.tokens import ISSUER, KnownKeys, access_key, forge, refresh_key

TOKEN = RefreshToken(
    iss=ISSUER, sub="user-1", aud=audience(ISSUER), iat=NOW, exp=NOW + 30 * DAY, jti="token-1", sid="session-1",
    ver=1, gen=1,
)  # fmt: skip


HEADER = {"alg": "HS256", "kid": refresh_key().kid, "typ": "rt+jwt"}


def verify(claims: dict[str, Any], typ: str = "rt+jwt") -> RefreshToken:
    return verify_text(refresh_key().sign(claims, typ=typ))


def verify_text(token: str) -> RefreshToken:
    key = refresh_key()
    verifier = RefreshTokenVerifier(KnownKeys({key.kid: key}), KnownKeys({}), TimeRules(30 * DAY, 30, 0))
    return verifier.verify(token, now=NOW)


def test_the_token_that_every_attack_here_starts_from_is_good() -> None:
    assert verify(asdict(TOKEN)) == TOKEN


@pytest.mark.parametrize("name", asdict(TOKEN))
@pytest.mark.parametrize("value", ["absent", None, "", [], {}, True, 1.5, -1, 0, "other"])
def test_a_claim_that_is_missing_or_another(name: str, value: Any) -> None:
    claims = {**asdict(TOKEN), name: value}
    if value == "absent":
        del claims[name]
    if value == "other" and name in ("sub", "sid", "jti"):
        assert verify(claims) != TOKEN  # another session's, which is for the table to judge
        return

    with pytest.raises(InvalidToken):
        verify(claims)


@pytest.mark.parametrize(
    "aud", [ISSUER, f"{ISSUER}/auth/login", f"{ISSUER}/auth/refresh/", "sallyport", [audience(ISSUER)]]
)
def test_j20_another_audience(aud: Any) -> None:
    with pytest.raises(InvalidToken) as refused:
        verify({**asdict(TOKEN), "aud": aud})

    assert refused.value.reason == "aud"


@pytest.mark.parametrize("typ", ["at+jwt", "dt+jwt", "JWT", "RT+JWT"])
def test_j19_another_kind(typ: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        verify(asdict(TOKEN), typ)

    assert refused.value.reason == "typ"


def test_j04_a_secret_that_everybody_knows() -> None:
    for secret in KNOWN_SECRETS:
        with pytest.raises(InvalidToken) as refused:
            verify_text(with_hmac(HEADER, asdict(TOKEN), secret.encode()))
        assert refused.value.reason == "signature"


def test_j04_ours_is_256_random_bits() -> None:
    secrets = [new_key("HS256").secret for _ in range(100)]

    assert {len(secret) for secret in secrets} == {32}
    assert len({*secrets, *(secret.encode() for secret in KNOWN_SECRETS)}) == 100 + len(KNOWN_SECRETS)
    ones = sum(int.from_bytes(secret, "big").bit_count() for secret in secrets)
    assert 12_000 < ones < 13_600  # ten standard deviations from 12,800


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "1e0", '"1"', "NaN", "9007199254740992", "1" + "0" * 5000])
@pytest.mark.parametrize("name", ["iat", "exp", "ver", "gen"])
def test_j21_to_j23_a_number_that_is_none(name: str, number: str) -> None:
    payload = json.dumps({**asdict(TOKEN), name: "NUMBER"}).replace('"NUMBER"', number)

    with pytest.raises(InvalidToken):
        verify_text(forge(json.dumps(HEADER).encode(), payload.encode(), refresh_key()))


@pytest.mark.parametrize("name", asdict(TOKEN))
def test_j24_a_claim_that_stands_twice(name: str) -> None:
    payload = f"{json.dumps(asdict(TOKEN))[:-1]},{json.dumps(name)}:{json.dumps(asdict(TOKEN)[name])}}}"

    with pytest.raises(InvalidToken) as refused:
        verify_text(forge(json.dumps(HEADER).encode(), payload.encode(), refresh_key()))

    assert refused.value.reason == "payload"


def test_j19_an_access_key_signs_no_refresh_token() -> None:
    header = {"alg": "RS256", "kid": access_key().kid, "typ": "rt+jwt"}

    with pytest.raises(InvalidToken) as refused:
        verify_text(forge(json.dumps(header).encode(), json.dumps(asdict(TOKEN)).encode(), access_key()))

    assert refused.value.reason == "kid"
