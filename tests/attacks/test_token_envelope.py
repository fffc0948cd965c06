"""docs/attacks.md, J: tokens that a stranger makes (N), and tokens that our own key signed by mistake (K).

Each must be refused as InvalidToken: never accepted, never another exception.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sallyport.errors import InvalidToken
from sallyport.tokens import access
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.envelope import MAX_TOKEN_BYTES
from sallyport.tokens.keys import public_key
from tests.builders import NOW
from tests.tokens import ISSUER, KnownKeys, access_key, b64, forge, made_access_key, refresh_key, segment

CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "user-1",
    "aud": "sallyport",
    "client_id": "app",
    "iat": NOW,
    "exp": NOW + 600,
    "jti": "token-1",
    "sid": "session-1",
    "ver": 3,
    "auth_time": NOW,
}
HEADER = {"alg": "RS256", "kid": access_key().kid, "typ": "at+jwt"}

RULES = TimeRules(lifetime=600, leeway=30, not_before=0)


def keys() -> KnownKeys:
    jwk = made_access_key().jwk
    assert jwk is not None
    return KnownKeys({jwk["kid"]: public_key(jwk)})


def verify(token: str, ring: KnownKeys | None = None) -> access.AccessToken:
    return AccessTokenVerifier(ring or keys(), "sallyport", RULES).verify(token, now=NOW)


def refused(token: str) -> str:
    with pytest.raises(InvalidToken) as error:
        verify(token)
    assert not token or token not in repr(error.value)
    return error.value.reason


def signed(header: Any = HEADER, claims: Any = CLAIMS) -> str:
    return forge(json.dumps(header).encode(), json.dumps(claims).encode(), access_key())


GOOD = signed()
HEAD, BODY, SIGNATURE = GOOD.split(".")


def test_the_token_that_every_attack_here_starts_from_is_good() -> None:
    assert verify(GOOD).sub == "user-1"


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "none ", " none", "n\u043ene", "", None, ["RS256"], 1, {}, True]
)
@pytest.mark.parametrize("signature", ["", SIGNATURE, b64(b"random bytes, a few")], ids=["none", "ours", "random"])
def test_j01_no_algorithm(alg: Any, signature: str) -> None:
    refused(f"{segment({**HEADER, 'alg': alg})}.{BODY}.{signature}")


def _public_forms() -> list[bytes]:
    public = access_key().material.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    jwk = json.dumps(made_access_key().jwk).encode()
    return [
        pem,
        pem.strip(),
        pem.replace(b"\n", b"\r\n"),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        jwk,
        b'{"keys":[' + jwk + b"]}",
        b"",
    ]


@pytest.mark.parametrize("secret", _public_forms(), ids=range(7))
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_j02_the_public_key_as_hmac_secret(alg: str, secret: bytes) -> None:
    signing_input = f"{segment({**HEADER, 'alg': alg})}.{BODY}"
    digest = hmac.new(secret, signing_input.encode(), getattr(hashlib, f"sha{alg[2:]}")).digest()

    refused(f"{signing_input}.{b64(digest)}")


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256", "ES256", "ES256K", "EdDSA", "rs256", "HS256"])
def test_j03_another_algorithm_with_the_same_key(alg: str) -> None:
    assert refused(signed({**HEADER, "alg": alg})) == "algorithm"


def test_j05_a_signature_that_is_missing_cut_or_changed() -> None:
    raw = list(SIGNATURE)
    flipped = ["".join([*raw[:i], "A" if raw[i] != "A" else "B", *raw[i + 1 :]]) for i in range(len(raw))]
    cut = [SIGNATURE[:i] for i in range(len(SIGNATURE))]
    for signature in [*flipped, *cut, SIGNATURE * 2]:
        refused(f"{HEAD}.{BODY}.{signature}")
    refused(f"{HEAD}.{BODY}")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t + "=",
        lambda t: t + "==",
        lambda t: t.replace(".", "=.", 1),
        lambda t: t.replace("-", "+").replace("_", "/") + "+",
        lambda t: t[:-3] + "!" + t[-3:],
        lambda t: " " + t,
        lambda t: t + " ",
        lambda t: t + "\r\n",
        lambda t: t + "\n",
        lambda t: t[:20] + "\n" + t[20:],
        lambda t: t[:20] + "\0" + t[20:],
        lambda t: t[:20] + "\u00a0" + t[20:],
        lambda t: t[:20] + "\uff21" + t[20:],
    ],
)
def test_j08_a_twin_that_a_kind_decoder_would_take_for_the_same(change: Callable[[str], str]) -> None:
    refused(change(GOOD))


def test_j08_unused_trailing_bits() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twins = [SIGNATURE[:-1] + letter for letter in alphabet if letter != SIGNATURE[-1]]

    assert {refused(f"{HEAD}.{BODY}.{twin}") for twin in twins} == {"encoding", "signature"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        HEAD,
        f"{HEAD}.{BODY}",
        f".{HEAD}.{BODY}.{SIGNATURE}",
        f"{GOOD}.",
        f"{GOOD}.{SIGNATURE}",
        f"{GOOD}.{SIGNATURE}.{SIGNATURE}",
        f"{GOOD}.a.b.c",
        "." * 8000,
        json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
        json.dumps({"payload": BODY, "signatures": [{"protected": HEAD, "signature": SIGNATURE}]}),
    ],
    ids=range(14),
)
def test_j09_anything_but_three_segments(token: str) -> None:
    assert refused(token) == "form"


NOT_OBJECTS = [b"", b"x", b"[]", b'"text"', b"1", b"null", b"true", b"{", b"{}x", b"[" * 3000, b'{"a":' * 900 + b"1"]


@pytest.mark.parametrize("header", NOT_OBJECTS)
def test_j10_a_header_that_is_no_object(header: bytes) -> None:
    refused(forge(header, json.dumps(CLAIMS).encode(), access_key()))


@pytest.mark.parametrize("payload", NOT_OBJECTS)
def test_j10_a_payload_that_is_no_object(payload: bytes) -> None:
    refused(forge(json.dumps(HEADER).encode(), payload, access_key()))


@pytest.mark.parametrize(
    "kid",
    [7, ["a"], {}, None, True, "", "../../dev/null", "/etc/passwd", "' UNION SELECT '1';--", "|sleep 10", "$(id)",
     "%00", "a\r\nb", "a\0", "k" * 65, "k" * 5000, "\u0430" * 43, access_key().kid + "\n"],
    ids=range(18),
)  # fmt: skip
def test_j11_a_kid_that_is_no_kid_is_never_looked_up(kid: Any) -> None:
    ring = keys()
    with pytest.raises(InvalidToken):
        verify(signed({**HEADER, "kid": kid}), ring)

    assert ring.asked == 0


def test_j11_an_unknown_kid() -> None:
    assert refused(signed({**HEADER, "kid": refresh_key().kid})) == "kid"


@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": made_access_key().jwk},
        {"jku": "http://127.0.0.1:1/jwks.json"},
        {"x5u": "file:///etc/passwd"},
        {"x5c": ["MIIB"]},
        {"x5t": "abc"},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": "exp"},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"nonce": "1"},
        {"": ""},
    ],
    ids="+".join,
)
def test_j13_to_j17_any_other_header_member(extra: dict[str, Any]) -> None:
    assert refused(signed({**HEADER, **extra})) == "header"


@pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
def test_a_header_member_that_is_missing(missing: str) -> None:
    refused(signed({name: value for name, value in HEADER.items() if name != missing}))


@pytest.mark.parametrize("payload", [b'"' + GOOD.encode() + b'"', GOOD.encode()], ids=["quoted", "bare"])
def test_j17_a_token_inside_a_token(payload: bytes) -> None:
    refused(forge(json.dumps(HEADER).encode(), payload, access_key()))


@pytest.mark.parametrize(
    "typ",
    ["JWT", "jwt", "at+JWT", "AT+jwt", "application/at+jwt", "rt+jwt", "dt+jwt", "id+jwt", "logout+jwt", "dpop+jwt",
     "secevent+jwt", "", "at+jwt ", None, ["at+jwt"], 1],
    ids=repr,
)  # fmt: skip
def test_j18_any_other_type(typ: Any) -> None:
    assert refused(signed({**HEADER, "typ": typ})) == "typ"


@pytest.mark.parametrize("aud", [["sallyport"], [], ["sallyport", 1], {"sallyport": 1}, None, 1, "Sallyport", "sally"])
def test_j20_any_other_audience(aud: Any) -> None:
    assert refused(signed(claims={**CLAIMS, "aud": aud})) == "aud"


@pytest.mark.parametrize("iss", [[ISSUER], None, 1, {}, ISSUER + "/", "https://auth.example.com.evil.example", "x"])
def test_j20_any_other_issuer(iss: Any) -> None:
    assert refused(signed(claims={**CLAIMS, "iss": iss})) == "iss"


BAD_NUMBERS = ["0", "-1", "null", "[]", "true", "1800000100.0", '"1800000100"', '"1.5"', "1e400", "NaN", "Infinity",
               "9223372036854775808", "1" + "0" * 4000, "1" + "0" * 5000, "{}", '""']  # fmt: skip


@pytest.mark.parametrize("number", [*BAD_NUMBERS, str(NOW), str(NOW - 1), "2147483648", str(NOW + 3_155_760_000)])
def test_j21_any_other_exp(number: str) -> None:
    payload = json.dumps({**CLAIMS, "exp": 0}).replace('"exp": 0', f'"exp": {number}')

    refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key()))


@pytest.mark.parametrize("number", [*BAD_NUMBERS, str(NOW + 31), str(NOW + 600), str(NOW + 601)])
def test_j22_any_other_iat(number: str) -> None:
    payload = json.dumps({**CLAIMS, "iat": 0}).replace('"iat": 0', f'"iat": {number}')

    refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key()))


@pytest.mark.parametrize("number", [*BAD_NUMBERS[1:], str(NOW + 1), str(NOW + 31), str(NOW + 600)])
def test_j22_any_other_nbf(number: str) -> None:
    """No token of ours has one. Who ignores it would accept a token before its time."""
    payload = json.dumps({**CLAIMS, "nbf": 0}).replace('"nbf": 0', f'"nbf": {number}')

    refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key()))


@pytest.mark.parametrize("nbf", [0, NOW - 1, NOW])
def test_j22_an_nbf_that_has_come_refuses_nothing(nbf: int) -> None:
    assert verify(signed(claims={**CLAIMS, "nbf": nbf})).sub == "user-1"


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("value", ["absent", None, "", [], {}, True, 1.5, -1])
def test_j23_a_claim_that_is_missing_or_of_another_type(name: str, value: Any) -> None:
    claims = {**CLAIMS, name: value}
    if value == "absent":
        del claims[name]

    assert refused(signed(claims=claims)) == name


@pytest.mark.parametrize("ver", ["1", 1.0, -1, 0, 2**53, 2**64, True, None])
def test_j23_a_version_that_is_no_version(ver: Any) -> None:
    assert refused(signed(claims={**CLAIMS, "ver": ver})) == "ver"


@pytest.mark.parametrize("name", ["sub", "sid", "jti"])
@pytest.mark.parametrize("value", ["a#b", "USER#x", "a b", "a\0", "ü", "x" * 65, "a.b", ":x"])
def test_an_identifier_that_could_forge_a_table_key(name: str, value: str) -> None:
    assert refused(signed(claims={**CLAIMS, name: value})) == name


@pytest.mark.parametrize("scope", ["", None, ["read"], 1])
def test_j23_a_scope_that_is_present_and_wrong(scope: Any) -> None:
    assert refused(signed(claims={**CLAIMS, "scope": scope})) == "scope"


@pytest.mark.parametrize("extra", ['"sub":"user-2"', '"exp":9999999999', '"s\\u0075b":"user-2"'])
def test_j24_a_name_that_stands_twice_in_the_payload(extra: str) -> None:
    payload = json.dumps(CLAIMS)[:-1] + "," + extra + "}"

    assert refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key())) == "payload"


def test_j24_a_name_that_stands_twice_in_the_header() -> None:
    header = json.dumps(HEADER)[:-1] + ',"alg":"none"}'

    assert refused(forge(header.encode(), json.dumps(CLAIMS).encode(), access_key())) == "header"


@pytest.mark.parametrize(
    "payload",
    [
        b"\xef\xbb\xbf" + json.dumps(CLAIMS).encode(),
        json.dumps(CLAIMS).encode("utf-16"),
        json.dumps(CLAIMS).encode("utf-16-le"),
        json.dumps(CLAIMS).encode("utf-32"),
        json.dumps(CLAIMS).encode().replace(b"app", b"a\xffp"),
        json.dumps(CLAIMS).encode().replace(b"app", b"a\xc0\xafp"),
        json.dumps(CLAIMS).encode().replace(b"app", b"a\xed\xa0\x80p"),
        json.dumps(CLAIMS).encode().replace(b"app", b"a\\ud800p"),
        json.dumps(CLAIMS).encode().replace(b"app", b"a\0p"),
    ],
    ids=range(9),
)
def test_j25_text_that_is_not_strict_utf_8(payload: bytes) -> None:
    assert refused(forge(json.dumps(HEADER).encode(), payload, access_key())) == "payload"


def of_at_most(length: int) -> str:
    """Make a good token as long as possible, but not longer than `length`."""
    room = length - len(signed(claims={**CLAIMS, "filler": ""}))
    return signed(claims={**CLAIMS, "filler": "x" * (room * 3 // 4)})


def test_j26_eight_kilobytes_are_the_limit() -> None:
    longest = of_at_most(MAX_TOKEN_BYTES)

    assert MAX_TOKEN_BYTES - 3 < len(longest) <= MAX_TOKEN_BYTES
    assert verify(longest).sub == "user-1"
    assert refused(of_at_most(MAX_TOKEN_BYTES + 4)) == "size"


@pytest.mark.parametrize("length", [MAX_TOKEN_BYTES + 1, 100_000, 1_000_000, 10_000_000])
def test_j26_a_longer_token_is_refused_before_it_is_read(length: int) -> None:
    assert refused("a" * length) == "size"
    assert refused("." * length) == "size"


def test_j19_a_refresh_key_signs_no_access_token() -> None:
    ring = KnownKeys({**keys().keys, refresh_key().kid: refresh_key()})
    header = {"alg": "RS256", "kid": refresh_key().kid, "typ": "at+jwt"}

    with pytest.raises(InvalidToken):
        verify(forge(json.dumps(header).encode(), json.dumps(CLAIMS).encode(), refresh_key()), ring)


def test_what_we_sign_has_the_documented_header_and_nothing_else() -> None:
    header, _, _ = access.sign(verify(GOOD), access_key()).split(".")

    assert json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4))) == HEADER
