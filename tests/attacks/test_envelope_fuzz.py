"""Access tokens that Hypothesis makes up, read by us and by joserfc: we accept what joserfc accepts, but for a list.

Half of them are built piece by piece and signed with our own key, so that what is wrong lies behind the signature; half
are good tokens with a few characters changed. tests/attacks/oracle.py says what we refuse on purpose.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import import_key

from sallyport.errors import InvalidToken
from sallyport.keys.key import public_key
from sallyport.keys.make import NewKey, new_key
from sallyport.keys.signing import SigningKey, signing_key
from sallyport.tokens.access import AccessToken, AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from tests.attacks.oracle import AUDIENCE, DIFFERENCES, LEEWAY, LIFETIME, Oracle, claims_of, differences
from tests.support.builders import NOW
from tests.support.tokens import ISSUER, KnownKeys, b64, made_access_key, signature_over

Members = tuple[tuple[str, str], ...]
"""The members of a JSON object in their order, each name and each value as JSON text."""

CLAIMS: Mapping[str, Any] = {
    "iss": ISSUER, "sub": "user-1", "aud": AUDIENCE, "client_id": "app", "iat": NOW, "exp": NOW + LIFETIME,
    "jti": "token-1", "sid": "session-1", "ver": 3, "auth_time": NOW - 50,
}  # fmt: skip


@cache
def made(alg: str) -> NewKey:
    return made_access_key() if alg == "RS256" else new_key("ES256")


@cache
def key(alg: str) -> SigningKey:
    return signing_key(made(alg).kid, alg, made(alg).secret)


@cache
def oracle(alg: str) -> Oracle:
    return Oracle(made(alg).jwk or {})


def header(alg: str = "RS256") -> dict[str, Any]:
    return {"alg": alg, "kid": key(alg).kid, "typ": "at+jwt"}


@cache
def verifier(alg: str) -> AccessTokenVerifier:
    ring = KnownKeys({key(alg).kid: public_key(made(alg).jwk or {})})
    return AccessTokenVerifier(ring, ring, AUDIENCE, TimeRules(LIFETIME, LEEWAY, 0))


def ours(token: str, alg: str = "RS256") -> AccessToken | None:
    try:
        return verifier(alg).verify(token, now=NOW)
    except InvalidToken:
        return None


def signed(header_text: bytes, payload: bytes, alg: str = "RS256") -> str:
    signing_input = f"{b64(header_text)}.{b64(payload)}"
    return f"{signing_input}.{signature_over(signing_input, key(alg))}"


def token_of(claims: Mapping[str, Any], **more: Any) -> str:
    return signed(json.dumps({**header(), **more}).encode(), json.dumps(claims).encode())


def compare(token: str, alg: str) -> str:
    """Hold the two readings against each other, and say what became of the token."""
    mine, theirs = ours(token, alg), oracle(alg).read(token)
    if theirs is None:
        assert mine is None, "we accept what joserfc refuses"
        return "refused by both"
    why = differences(theirs)
    if mine is None:
        assert why, "we refuse what joserfc accepts, and no difference says why"
        return sorted(why)[0]
    assert not why, "we accept what we say we refuse"
    assert claims_of(mine).items() <= theirs.claims.items()
    assert {name: type(value) for name, value in claims_of(mine).items()} == {
        name: type(theirs.claims[name]) for name in claims_of(mine)
    }
    return "accepted by both"


# Tokens built piece by piece

NAMES = ["alg", "kid", "typ", *CLAIMS, "scope", "nbf", "crit", "b64", "zip", "cty", "jwk", "jku", "x5c", "x", ""]
VALUES = [
    "null", "true", "false", "0", "-0", "1", "-1", "1.0", "1e0", "3", "3.0", "1e400", "-1e400", "NaN", "Infinity",
    "-Infinity", "9007199254740991", "9007199254740992", "1" + "0" * 400, "1" + "0" * 5000, '""', '" "', '"a b"',
    '"a#b"', '"USER#x"', '"\\u0000"', '"\\ud800"', '"\\ud83d\\ude00"', '"é"', f'"{"x" * 64}"', f'"{"x" * 65}"', "[]",
    "{}", "[1]", '{"a":1}', '{"a":1,"a":1}', '"none"', "[" * 500 + "]" * 500, f'"{"x" * 8000}"',
]  # fmt: skip
TIMES = [
    *(str(NOW + away) for away in (-600, -1, 0, 1, 29, 30, 31, 599, 600, 601, 10**9)),
    f"{NOW}.0", f"{NOW - 1}.5", f"{NOW + 600}.5", f"{NOW + 1}e0", f'"{NOW + 600}"',
]  # fmt: skip
TELLING: Mapping[str, list[str]] = {
    "aud": ['["sallyport"]', '["sallyport","x"]', '["sallyport",1]', '["x"]', '"Sallyport"', '"sallyport"'],
    "iss": [f'"{ISSUER}/"', f'["{ISSUER}"]', f'"{ISSUER}"'],
    "typ": ['"AT+JWT"', '"application/at+jwt"', '"JWT"', '"rt+jwt"'],
    "alg": ['"RS256"', '"ES256"', '"HS256"', '"PS256"', '"rs256"'],
    "exp": TIMES, "iat": TIMES, "nbf": TIMES, "auth_time": TIMES,
    "crit": ["[]", '["exp"]', '["b64"]'], "b64": ["true", "false"], "zip": ['"DEF"'], "cty": ['"JWT"'],
    "jku": ['"http://127.0.0.1:1/"'], "x5c": ['["MIIB"]'], "jwk": ["{}"], "scope": ['"read"'],
    "ver": ["true", "1.0", "0", "-1", '"3"', "9007199254740992"], "sub": ['"a#b"', '"a b"', '""', "7"],
    "x": ["NaN", '"\\ud800"', '{"a":1,"a":1}', '"\\ud83d\\ude00"', f'"{"x" * 8000}"'],
}  # fmt: skip
ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-32-be", "latin-1"]
SPACES = [" ", "\n", "\t \r", "\x0b", "\u00a0", "\ufeff", "x", "{}", "\0"]

any_value = st.sampled_from(VALUES) | st.integers().map(str) | st.text(max_size=5).map(json.dumps)


@st.composite
def members_of(draw: st.DrawFn, likely: list[str]) -> tuple[str, str]:
    """Make up a member: more often than not one that means something."""
    name = draw(st.sampled_from(likely) | st.sampled_from(NAMES))
    telling = TELLING.get(name, [])
    return json.dumps(name), draw(st.sampled_from(telling) | any_value if telling else any_value)


def _given(members: Members, _: int, new: tuple[str, str]) -> Members:
    """Give the member of this name another value, or add it."""
    if new[0] not in dict(members):
        return (*members, new)
    return tuple((name, new[1] if name == new[0] else value) for name, value in members)


def _removed(members: Members, place: int, _: tuple[str, str]) -> Members:
    return members[:place] + members[place + 1 :]


def _repeated(members: Members, place: int, new: tuple[str, str]) -> Members:
    return (*members, (members[place][0], new[1]))


def _said_twice(members: Members, place: int, _: tuple[str, str]) -> Members:
    return (*members, members[place])


def _escaped(members: Members, place: int, _: tuple[str, str]) -> Members:
    """Write the first letter of a name as an escape: it stays the same name."""
    name, value = members[place]
    return (*members[:place], (f'"\\u{ord(name[1]):04x}{name[2:]}', value), *members[place + 1 :])


def _turned_round(members: Members, _: int, __: tuple[str, str]) -> Members:
    return members[::-1]


CHANGES: list[Callable[[Members, int, tuple[str, str]], Members]] = [
    _given, _given, _given, _given, _given, _given, _removed, _repeated, _said_twice, _escaped, _turned_round
]  # fmt: skip


@st.composite
def objects(draw: st.DrawFn, good: Mapping[str, Any], likely: list[str], odd: frozenset[str]) -> bytes:
    """Write an object: its `members` changed, oddly `spaced`, in another `encoding`, or just as it should be."""
    members: Members = tuple((json.dumps(name), json.dumps(value)) for name, value in good.items())
    for _ in range(draw(st.integers(1, 2)) if "members" in odd else 0):
        place = draw(st.integers(0, len(members) - 1))
        members = draw(st.sampled_from(CHANGES))(members, place, draw(members_of(likely)))
    pieces = ["{", *(f"{name}:{value}," for name, value in members), "}"]
    pieces[-2] = pieces[-2].removesuffix(",")
    if "spaced" in odd:
        pieces.insert(draw(st.integers(0, len(pieces))), draw(st.sampled_from(SPACES)))
    encoding = draw(st.sampled_from(ENCODINGS)) if "encoding" in odd else "utf-8"
    return "".join(pieces).encode(encoding, errors="replace")


def _with_another_last_letter(segment: str) -> str:
    """Set a bit that the last letter has no use for, where it has one."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return segment[:-1] + alphabet[(alphabet.index(segment[-1]) + 1) % 64]


WRITINGS: list[Callable[[str], str]] = [
    _with_another_last_letter, lambda segment: segment + "=" * (-len(segment) % 4 or 1), lambda segment: f"{segment}=",
    lambda segment: segment.replace("-", "+").replace("_", "/"), lambda segment: f"{segment[:4]}\n{segment[4:]}",
    lambda segment: f"{segment}A", lambda segment: segment[:-1], lambda _: "", lambda segment: f"{segment}.{segment}",
]  # fmt: skip


@st.composite
def built(draw: st.DrawFn, alg: str) -> str:
    """Build a token piece by piece, one or two of them odd. What is signed is what is sent, oddly written or not."""
    parts = st.sampled_from(["header", "payload", "payload", "payload"])
    troubles = st.tuples(parts, st.sampled_from(["members"] * 7 + ["spaced", "encoding", "written"]))
    odd = draw(st.sets(troubles, max_size=2))

    def part(name: str, good: Mapping[str, Any], likely: list[str]) -> str:
        own = frozenset(trouble for where, trouble in odd if where == name)
        segment = b64(draw(objects(good, likely, own)))
        return draw(st.sampled_from(WRITINGS))(segment) if "written" in own else segment

    head = part("header", header(alg), ["typ", "cty", "crit", "jku", "alg"])
    signing_input = f"{head}.{part('payload', CLAIMS, ['aud', 'exp', 'iat', 'nbf', 'sub', 'ver', 'scope', 'x'])}"
    signature = signature_over(signing_input, key(alg))
    is_odd = draw(st.integers(0, 19)) == 0
    return f"{signing_input}.{draw(st.sampled_from(WRITINGS))(signature) if is_odd else signature}"


@st.composite
def edited(draw: st.DrawFn, alg: str) -> str:
    """Change, add or take away a few characters of a good token."""
    letters = st.characters(codec="utf-8") | st.sampled_from("AQgwz09-_=+/. \n\0")
    token = signed(json.dumps(header(alg)).encode(), json.dumps(CLAIMS).encode(), alg)
    for _ in range(draw(st.integers(0, 3))):
        place, taken = draw(st.integers(0, len(token))), draw(st.integers(0, 2))
        token = token[:place] + draw(st.text(letters, max_size=2)) + token[place + taken :]
    return token


each_algorithm = pytest.mark.parametrize("alg", [pytest.param("RS256", marks=pytest.mark.only_in_check), "ES256"])


@pytest.mark.only_in_check
@pytest.mark.parametrize("alg", ["RS256", "ES256"])
def test_we_accept_what_joserfc_accepts_but_for_the_listed_differences(alg: str) -> None:
    outcomes: Counter[str] = Counter()

    @settings(max_examples=1000, suppress_health_check=list(HealthCheck))
    @given(built(alg))
    def hold(token: str) -> None:
        outcomes[compare(token, alg)] += 1

    hold()

    assert outcomes["accepted by both"] > 50, outcomes
    assert outcomes["refused by both"] > 50, outcomes
    assert len(outcomes) > 2 + len(DIFFERENCES) // 2, outcomes


@each_algorithm
def test_a_good_token_with_a_few_characters_changed_is_the_same_to_both(alg: str) -> None:
    outcomes: Counter[str] = Counter()

    @settings(max_examples=600, suppress_health_check=list(HealthCheck))
    @given(edited(alg))
    def hold(token: str) -> None:
        outcomes[compare(token, alg)] += 1

    hold()

    assert outcomes.keys() == {"accepted by both", "refused by both"}, outcomes


@given(st.text() | st.text(alphabet="ab.-_=", max_size=40))
@example("")
@example("a.a.a")
def test_no_text_at_all_is_accepted_by_either(token: str) -> None:
    assert compare(token, "RS256") == "refused by both"


# The list of differences

WITH_NUMBERS = json.dumps({**CLAIMS, "x": "VALUE"})

EXAMPLES: Mapping[str, str] = {
    "longer than 8 kb": token_of({**CLAIMS, "x": "x" * 8192}),
    "another header": token_of(CLAIMS, cty="JWT"),
    "another spelling of the type": token_of(CLAIMS, typ="application/at+jwt"),
    "two equal names": signed(json.dumps(header()).encode(), json.dumps(CLAIMS).encode()[:-1] + b',"jti":"token-1"}'),
    "not plain utf 8": signed(json.dumps(header()).encode(), json.dumps(CLAIMS).encode("utf-16")),
    "a lone surrogate": token_of({**CLAIMS, "client_id": "\ud800"}),
    "nan or infinity": signed(json.dumps(header()).encode(), WITH_NUMBERS.replace('"VALUE"', "NaN").encode()),
    "a text that is none": token_of({**CLAIMS, "aud": [AUDIENCE]}),
    "an identifier that is none": token_of({**CLAIMS, "sub": "a#b"}),
    "a number that is no integer": token_of({**CLAIMS, "exp": NOW + 0.5}),
    "a number out of range": token_of({**CLAIMS, "ver": 2**53}),
    "another lifetime": token_of({**CLAIMS, "exp": NOW + LIFETIME + 1}),
    "an nbf that is no integer": token_of({**CLAIMS, "nbf": NOW - 0.5}),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_listed_difference_is_one(name: str) -> None:
    """Otherwise the list would go stale, and hide what it no longer describes."""
    theirs = oracle("RS256").read(EXAMPLES[name])

    assert theirs is not None
    assert differences(theirs) == {name}
    assert ours(EXAMPLES[name]) is None


# The other direction


@pytest.mark.parametrize("alg", ["RS256", "ES256"])
@settings(max_examples=100)
@given(
    client_id=st.text(st.characters(codec="utf-8"), min_size=1, max_size=50),
    identifier=st.text("abcXYZ019-_", min_size=1, max_size=64),
    age=st.integers(-LEEWAY, LIFETIME - 1),
    ver=st.integers(1, 2**53 - 1),
)
def test_what_joserfc_signs_with_our_key_is_accepted(
    alg: str, client_id: str, identifier: str, age: int, ver: int
) -> None:
    claims = {**CLAIMS, "client_id": client_id, "sub": identifier, "ver": ver, "iat": NOW - age}
    claims["exp"] = NOW - age + LIFETIME

    token = jwt.encode(header(alg), claims, _joserfc_key(alg), algorithms=[alg])

    read = ours(token, alg)
    assert read is not None
    assert claims_of(read) == claims
    assert replace(read, scope="read") != read


@cache
def _joserfc_key(alg: str) -> Any:
    return import_key(made(alg).secret, "RSA" if alg == "RS256" else "EC")
