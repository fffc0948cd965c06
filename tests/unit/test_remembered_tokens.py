"""Tokens that were verified a moment ago: only the signature is not checked again."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from sallyport.errors import TokenExpired, TokenRejected, Unavailable
from sallyport.keys.signing import SigningKey, signing_key
from sallyport.tokens import access
from sallyport.tokens.access import AccessToken, AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.remembered import RememberedTokens
from tests.support.builders import NOW, a_token

LEEWAY, LIFETIME = 30, 600
KEY = signing_key("kid", "HS256", bytes(32))


@dataclass
class CountingKey:
    """A key that counts the signatures that it checks."""

    key: SigningKey
    checked: int = 0

    @property
    def kid(self) -> str:
        return self.key.kid

    @property
    def alg(self) -> str:
        return self.key.alg

    def verify(self, signing_input: bytes, signature: bytes) -> bool:
        self.checked += 1
        return self.key.verify(signing_input, signature)


@dataclass
class Ring:
    """A ring of one key, or none."""

    key: CountingKey | None
    issuer: str = "i"
    is_away: bool = False

    def get(self, kid: str) -> Any:
        if self.is_away:
            raise Unavailable("keys")
        if self.key is None or self.key.kid != kid:
            raise TokenRejected("kid")
        return self.key


@pytest.fixture
def key() -> CountingKey:
    return CountingKey(KEY)


@pytest.fixture
def ring(key: CountingKey) -> Ring:
    return Ring(key)


def remembered(ring: Ring, **most: int) -> RememberedTokens:
    rules = TimeRules(LIFETIME, LEEWAY, 0)
    return RememberedTokens(AccessTokenVerifier(ring, ring, "a", rules), **most)


def signed(**changes: Any) -> tuple[str, AccessToken]:
    token = replace(a_token(), **changes)
    return access.sign(token, KEY), token


def test_a_token_that_was_verified_is_not_verified_again(ring: Ring, key: CountingKey) -> None:
    tokens, (text, claims) = remembered(ring), signed()

    assert [tokens.verify(text, now=NOW + second) for second in range(3)] == [claims] * 3
    assert key.checked == 1


def test_another_signature_under_the_same_claims_is_checked(ring: Ring, key: CountingKey) -> None:
    tokens, (text, _) = remembered(ring), signed()
    tokens.verify(text, now=NOW)
    forged = text[:-2] + ("AA" if text[-2:] != "AA" else "BA")

    for _ in range(2):
        with pytest.raises(TokenRejected):
            tokens.verify(forged, now=NOW)
    with pytest.raises(TokenRejected):
        tokens.verify(text.rpartition(".")[0] + ".", now=NOW)
    assert key.checked >= 2


def test_what_was_refused_is_not_remembered(ring: Ring, key: CountingKey) -> None:
    tokens, (text, claims) = remembered(ring), signed()

    with pytest.raises(TokenExpired):
        tokens.verify(text, now=NOW + LIFETIME)
    assert tokens.verify(text, now=NOW) == claims


def test_a_remembered_token_expires_to_the_second(ring: Ring) -> None:
    tokens, (text, claims) = remembered(ring), signed()
    tokens.verify(text, now=NOW)

    assert tokens.verify(text, now=NOW + LIFETIME - 1) == claims
    for _ in range(2):
        with pytest.raises(TokenExpired):
            tokens.verify(text, now=NOW + LIFETIME)


def test_by_a_clock_that_was_set_back_a_remembered_token_is_not_accepted_yet(ring: Ring) -> None:
    tokens, (text, claims) = remembered(ring), signed()
    tokens.verify(text, now=NOW)

    assert tokens.verify(text, now=NOW - LEEWAY) == claims
    with pytest.raises(TokenRejected, match="iat"):
        tokens.verify(text, now=NOW - LEEWAY - 1)


def test_a_token_whose_key_left_the_ring_is_rejected(ring: Ring) -> None:
    tokens, (text, _) = remembered(ring), signed()
    tokens.verify(text, now=NOW)

    ring.key = None
    with pytest.raises(TokenRejected, match="kid"):
        tokens.verify(text, now=NOW)


def test_under_a_ring_that_was_read_again_a_token_is_verified_again(ring: Ring, key: CountingKey) -> None:
    tokens, (text, claims) = remembered(ring), signed()
    tokens.verify(text, now=NOW)

    ring.key = CountingKey(KEY)
    assert [tokens.verify(text, now=NOW) for _ in range(2)] == [claims] * 2
    assert (key.checked, ring.key.checked) == (1, 1)
    ring.key = CountingKey(signing_key("kid", "HS256", bytes(31) + b"\x01"))
    with pytest.raises(TokenRejected, match="signature"):
        tokens.verify(text, now=NOW)


def test_a_token_of_an_issuer_that_is_none_any_more_is_rejected(ring: Ring) -> None:
    tokens, (text, _) = remembered(ring), signed()
    tokens.verify(text, now=NOW)

    ring.issuer = "another"
    with pytest.raises(TokenRejected, match="iss"):
        tokens.verify(text, now=NOW)


def test_where_keys_cannot_be_looked_up_a_remembered_token_does_not_pass(ring: Ring) -> None:
    tokens, (text, _) = remembered(ring), signed()
    tokens.verify(text, now=NOW)

    ring.is_away = True
    with pytest.raises(Unavailable):
        tokens.verify(text, now=NOW)


def test_the_oldest_of_too_many_tokens_are_forgotten(ring: Ring, key: CountingKey) -> None:
    tokens = remembered(ring, most_tokens=2)
    first, second, third = (signed(jti=str(number))[0] for number in range(3))
    for text in (first, second, third, second, third):
        tokens.verify(text, now=NOW)
    assert key.checked == 3

    tokens.verify(first, now=NOW)
    tokens.verify(third, now=NOW)
    assert key.checked == 4


@pytest.mark.parametrize("forgotten_by", ["age", "expiry"])
def test_long_tokens_count_for_more_and_what_is_forgotten_counts_no_more(
    ring: Ring, key: CountingKey, forgotten_by: str
) -> None:
    tokens = remembered(ring, most_bytes=20_000)
    texts = [signed(jti=str(number), scope="s" * 3000)[0] for number in range(20)]
    for text in texts:
        tokens.verify(text, now=NOW)
        if forgotten_by == "expiry":
            with pytest.raises(TokenExpired):
                tokens.verify(text, now=NOW + LIFETIME)
    count = key.checked

    short, _ = signed()
    for _ in range(2):
        tokens.verify(short, now=NOW)
    assert key.checked == count + 1
    if forgotten_by == "age":
        tokens.verify(texts[-1], now=NOW)
        assert key.checked == count + 1
        tokens.verify(texts[0], now=NOW)
        assert key.checked == count + 2


def test_a_token_that_is_too_large_for_the_whole_memory_is_verified_every_time(ring: Ring, key: CountingKey) -> None:
    tokens, (text, claims) = remembered(ring, most_bytes=100), signed()

    assert [tokens.verify(text, now=NOW) for _ in range(2)] == [claims] * 2
    assert key.checked == 2
