"""The refresh token's own claims (J19, J20, J23): signed by our key, and still refused."""

from dataclasses import asdict
from typing import Any

import pytest

from sallyport.errors import InvalidToken
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.refresh import RefreshToken, RefreshTokenVerifier, audience
from tests.builders import DAY, NOW
from tests.tokens import ISSUER, KnownKeys, refresh_key

TOKEN = RefreshToken(
    iss=ISSUER, sub="user-1", aud=audience(ISSUER), iat=NOW, exp=NOW + 30 * DAY, jti="token-1", sid="session-1",
    ver=1, gen=1,
)  # fmt: skip


def verify(claims: dict[str, Any], typ: str = "rt+jwt") -> RefreshToken:
    key = refresh_key()
    verifier = RefreshTokenVerifier(KnownKeys({key.kid: key}), KnownKeys({}), TimeRules(30 * DAY, 30, 0))
    return verifier.verify(key.sign(claims, typ=typ), now=NOW)


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
