"""docs/attacks.md, J: tokens that a stranger makes (N), and tokens that our own key signed by mistake (K).

Each must be refused as InvalidToken: never accepted, never another exception.
"""

import json
import re
import zlib
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from sallyport import strict_json
from sallyport.errors import InvalidToken
from sallyport.keys.key import public_key
from sallyport.keys.make import new_key
from sallyport.keys.signing import signing_key
from sallyport.tokens import access, envelope
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.envelope import MAX_TOKEN_BYTES
from tests.attacks.hmac_secrets import KNOWN_SECRETS, public_forms, with_hmac
from tests.support.builders import NOW
from tests.support.tokens import (
    ISSUER,
    KnownKeys,
    access_key,
    b64,
    forge,
    made_access_key,
    refresh_key,
    segment,
    signature_over,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

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
    ring = ring or keys()
    return AccessTokenVerifier(ring, ring, "sallyport", RULES).verify(token, now=NOW)


def refused(token: str) -> str:
    with pytest.raises(InvalidToken) as error:
        verify(token)
    assert not token or token not in repr(error.value)
    return error.value.reason


def signed(header: Any = HEADER, claims: Any = CLAIMS) -> str:
    return forge(json.dumps(header).encode(), json.dumps(claims).encode(), access_key())


def sign_text(signing_input: str) -> str:
    return signature_over(signing_input, access_key())


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every segment that is decoded."""
    decoded: list[str] = []

    def noted(segment: str) -> bytes:
        decoded.append(segment)
        return urlsafe_b64decode(segment)

    monkeypatch.setattr(envelope, "urlsafe_b64decode", noted)
    return decoded


GOOD = signed()
HEAD, BODY, SIGNATURE = GOOD.split(".")


def test_the_token_that_every_attack_here_starts_from_is_good() -> None:
    assert verify(GOOD).sub == "user-1"


@pytest.mark.parametrize(
    "alg",
    ["none", "None", "NONE", "nOnE", "noNE", "none ", " none", "n\u043ene", "", None, ["RS256"], ["ES256"], 1, {}, True,
     "absent"],
)  # fmt: skip
@pytest.mark.parametrize("signature", ["", SIGNATURE, b64(b"random bytes, a few")], ids=["none", "ours", "random"])
def test_j01_no_algorithm(alg: Any, signature: str) -> None:
    header = {**HEADER, "alg": alg}
    if alg == "absent":
        del header["alg"]

    refused(f"{segment(header)}.{BODY}.{signature}")


PUBLIC_FORMS = public_forms(access_key().material.public_key(), made_access_key().jwk)


@pytest.mark.parametrize("secret", PUBLIC_FORMS.values(), ids=PUBLIC_FORMS)
@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_j02_the_public_key_as_hmac_secret(alg: str, secret: bytes) -> None:
    assert refused(with_hmac({**HEADER, "alg": alg}, CLAIMS, secret)) == "algorithm"
    assert refused(with_hmac(HEADER, CLAIMS, secret)) == "signature"


@pytest.mark.parametrize("alg", ["RS384", "RS512", "PS256", "ES256", "ES256K", "EdDSA", "rs256", "HS256"])
def test_j03_another_algorithm_with_the_same_key(alg: str) -> None:
    assert refused(signed({**HEADER, "alg": alg})) == "algorithm"


@pytest.mark.parametrize(
    ("alg", "padding", "digest"),
    [
        ("PS256", PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH), SHA256()),
        ("RS384", PKCS1v15(), SHA384()),
        ("RS512", PKCS1v15(), SHA512()),
        ("RS1", PKCS1v15(), SHA1()),
    ],
    ids=["PS256", "RS384", "RS512", "RS1"],
)
def test_j03_a_good_signature_by_the_same_key_and_another_algorithm(
    alg: str, padding: AsymmetricPadding, digest: HashAlgorithm
) -> None:
    for said, reason in ((alg, "algorithm"), ("RS256", "signature")):
        signing_input = f"{segment({**HEADER, 'alg': said})}.{BODY}"
        signature = access_key().material.sign(signing_input.encode(), padding, digest)

        assert refused(f"{signing_input}.{b64(signature)}") == reason


@pytest.mark.parametrize("alg", ["HS256", "RS256"])
def test_j04_a_secret_that_everybody_knows(alg: str) -> None:
    for secret in KNOWN_SECRETS:
        assert refused(with_hmac({**HEADER, "alg": alg}, CLAIMS, secret.encode())) in ("algorithm", "signature")


RAW_SIGNATURE = urlsafe_b64decode(SIGNATURE + "==")


def test_j05_a_signature_with_one_bit_changed() -> None:
    for position in range(len(RAW_SIGNATURE) * 8):
        changed = bytearray(RAW_SIGNATURE)
        changed[position // 8] ^= 1 << position % 8
        assert refused(f"{HEAD}.{BODY}.{b64(bytes(changed))}") == "signature"


def test_j05_a_signature_that_is_missing_cut_or_longer() -> None:
    cut = [b64(RAW_SIGNATURE[:length]) for length in range(len(RAW_SIGNATURE))]
    longer = [b64(raw) for raw in (RAW_SIGNATURE + b"\0", b"\0" + RAW_SIGNATURE, RAW_SIGNATURE * 2)]
    for signature in [*cut, *longer, *(SIGNATURE[:length] for length in range(len(SIGNATURE)))]:
        refused(f"{HEAD}.{BODY}.{signature}")
    assert refused(f"{HEAD}.{BODY}") == "form"
    assert refused(f"{HEAD}.{BODY}.{b64(RAW_SIGNATURE * 4096)}") == "size"  # 1 MB


FOREIGN = [
    "=",
    "==",
    "===",
    "+",
    "/",
    "!",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\0",
    "\u00a0",
    "\u200b",
    "\ufeff",
    "\uff21",
    "%3D",
    ",",
    ";",
    "~",
]


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_j08_a_twin_that_a_kind_decoder_would_take_for_the_same(part: int, foreign: str) -> None:
    for position in (0, 4, 7, None):
        segments = [HEAD, BODY, SIGNATURE]
        whole = segments[part]
        segments[part] = whole + foreign if position is None else whole[:position] + foreign + whole[position:]
        assert refused(".".join(segments)) == "form"


@pytest.mark.parametrize("part", [0, 1], ids=["header", "payload"])
@pytest.mark.parametrize("padding", ["=", "=="])
def test_j08_padding_that_our_own_key_has_signed(part: int, padding: str) -> None:
    segments = [HEAD, BODY]
    segments[part] += padding

    assert refused(".".join([*segments, sign_text(".".join(segments))])) == "form"


def test_j08_the_other_alphabet() -> None:
    segments = [re.sub("[-_]", lambda found: "+/"["-_".index(found[0])], whole) for whole in (HEAD, BODY, SIGNATURE)]
    assert segments[2] != SIGNATURE
    segments[2] += "=" * (-len(SIGNATURE) % 4)

    assert refused(".".join(segments)) == "form"
    assert refused(f"{HEAD}.{BODY}.{segments[2]}") == "form"


def test_j08_unused_trailing_bits() -> None:
    twins = [SIGNATURE[:-1] + letter for letter in ALPHABET if letter != SIGNATURE[-1]]

    assert {refused(f"{HEAD}.{BODY}.{twin}") for twin in twins} == {"encoding", "signature"}


@pytest.mark.parametrize("part", [0, 1], ids=["header", "payload"])
@pytest.mark.parametrize("length", [1, 2], ids=["four bits", "two bits"])
def test_j08_unused_trailing_bits_that_our_own_key_has_signed(part: int, length: int) -> None:
    texts = [json.dumps(HEADER).encode(), json.dumps(CLAIMS).encode()]
    texts[part] += b" " * ((length - len(texts[part])) % 3)
    segments = [b64(text) for text in texts]
    assert verify(".".join([*segments, sign_text(".".join(segments))])).sub == "user-1"

    last = ALPHABET.index(segments[part][-1])
    segments[part] = segments[part][:-1] + ALPHABET[last + 1]

    assert refused(".".join([*segments, sign_text(".".join(segments))])) == "encoding"


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
        f"{HEAD}..{SIGNATURE}",
        f"{HEAD}.{BODY}.",
        f".{BODY}.{SIGNATURE}",
        json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
        json.dumps({"payload": BODY, "signatures": [{"protected": HEAD, "signature": SIGNATURE}]}),
        json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE, "token": GOOD}),
        f'{{"payload":"{GOOD}"}}',
        f'{{"":"\\".{BODY}.{SIGNATURE}',
    ],
    ids=range(20),
)
def test_j09_anything_but_three_segments(token: str) -> None:
    assert refused(token) == "form"


def test_j09_a_million_dots() -> None:
    assert refused("." * 1_000_000) == "size"


NOT_OBJECTS = [b"", b"x", b"[]", b'"text"', b"1", b"null", b"true", b"{", b"{}x", b"[" * 3000, b'{"a":' * 900 + b"1"]


NEARLY_JSON = [
    "1,", "1,,", "+1", "01", "-01", ".5", "1.", "1e", "1e+", "0x10", "1_000", "'a'", "a", "True", "None", "undefined",
    "nan", "inf", "-NaN", '"a', 'a"', '"\\a"', '"\\u12"', '"\\u{61}"', '"a\nb"', "[1,]", "[,1]", "[1 2]", "{a:1}",
    "{'a':1}", '{"a":}', '{"a"}', '{"a":1,}', "1 // no", "1 /* no */", "1 # no", "1;", "\f1", "\v1", "\u00a01",
    "\u20281", "1}", "1]",
]  # fmt: skip


@pytest.mark.parametrize("value", NEARLY_JSON)
def test_j10_what_only_some_readers_take_for_json(value: str) -> None:
    payload = f'{json.dumps(CLAIMS)[:-1]},"x":{value}}}'
    header = json.dumps({**HEADER, "typ": "VALUE"}).replace('"VALUE"', value)

    assert refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key())) == "payload"
    assert refused(forge(header.encode(), json.dumps(CLAIMS).encode(), access_key())) == "header"


@pytest.mark.parametrize("nested", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000])
def test_j10_nesting_a_hundred_thousand_deep(nested: bytes) -> None:
    """A token of 8 KB has no room for it; what reads bodies too is held to it all the same."""
    with pytest.raises(ValueError, match="not strict JSON") as refusal:
        strict_json.loads(nested)

    assert (refusal.value.__cause__, refusal.value.__suppress_context__) == (None, True)
    assert refused(forge(json.dumps(HEADER).encode(), nested, access_key())) == "size"
    assert refused(forge(nested, json.dumps(CLAIMS).encode(), access_key())) == "size"


@pytest.mark.parametrize("header", NOT_OBJECTS)
def test_j10_a_header_that_is_no_object(header: bytes) -> None:
    refused(forge(header, json.dumps(CLAIMS).encode(), access_key()))


@pytest.mark.parametrize("payload", NOT_OBJECTS)
def test_j10_a_payload_that_is_no_object(payload: bytes) -> None:
    refused(forge(json.dumps(HEADER).encode(), payload, access_key()))


@pytest.mark.parametrize(
    "kid",
    [7, ["a"], {}, None, True, "", "../../dev/null", "/etc/passwd", "' UNION SELECT '1';--", "|sleep 10", "$(id)",
     "%00", "a\r\nb", "a\0", "k" * 65, "k" * 5000, "k" * 1_000_000, "\u0430" * 43, access_key().kid + "\n",
     access_key().kid + "=", access_key().kid.replace("a", "\u0430") + "\u0430", 1.5, [access_key().kid]],
    ids=range(23),
)  # fmt: skip
def test_j11_a_kid_that_is_no_kid_is_never_looked_up(kid: Any) -> None:
    ring = keys()
    with pytest.raises(InvalidToken):
        verify(signed({**HEADER, "kid": kid}), ring)

    assert ring.asked == 0


def test_j11_an_unknown_kid() -> None:
    assert refused(signed({**HEADER, "kid": refresh_key().kid})) == "kid"


def test_j11_another_issuers_key_under_its_own_kid_and_under_ours() -> None:
    made = new_key("RS256")
    theirs = signing_key(made.kid, made.alg, made.secret)
    for kid, reason in ((made.kid, "kid"), (HEADER["kid"], "signature")):
        header = json.dumps({**HEADER, "kid": kid}).encode()

        assert refused(forge(header, json.dumps(CLAIMS).encode(), theirs)) == reason


ATTACKERS = new_key("RS256")
EXTRA_MEMBERS: list[dict[str, Any]] = [
    {"jwk": made_access_key().jwk}, {"jwk": ATTACKERS.jwk}, {"jku": "http://127.0.0.1:1/jwks.json"},
    {"jku": "http://169.254.169.254/latest/meta-data/"}, {"jku": "file:///etc/passwd"}, {"x5u": "file:///etc/passwd"},
    {"x5u": "http://localhost/"}, {"x5c": ["MIIB"]}, {"x5t": "abc"}, {"x5t#S256": "abc"}, {"crit": ["exp"]},
    {"crit": ["unknown"]}, {"crit": ["unknown"], "unknown": 1}, {"crit": ["b64"]}, {"crit": []}, {"crit": "exp"},
    {"crit": {"exp": 1}}, {"crit": [1]}, {"crit": None}, {"b64": False, "crit": ["b64"]}, {"b64": False},
    {"b64": True, "crit": ["b64"]}, {"b64": True}, {"zip": "DEF"}, {"cty": "JWT"}, {"cty": "at+jwt"},
    {"enc": "A256GCM"}, {"p2c": 2**31, "p2s": "c2FsdA"}, {"nonce": "1"}, {"": ""}, {"Alg": "RS256"}, {"alg ": "RS256"},
]  # fmt: skip


@pytest.mark.parametrize("extra", EXTRA_MEMBERS, ids="+".join)
@pytest.mark.parametrize("mine", [True, False], ids=["ours", "attacker's"])
def test_j13_to_j17_any_other_header_member(extra: dict[str, Any], mine: bool) -> None:
    """Signed by our key, and by an attacker's, whose public key the header may then offer."""
    key = access_key() if mine else signing_key(ATTACKERS.kid, ATTACKERS.alg, ATTACKERS.secret)
    for payload in (CLAIMS, {}):
        token = forge(json.dumps({**HEADER, **extra}).encode(), json.dumps(payload).encode(), key)
        assert refused(token) == "header"


@pytest.mark.parametrize("payload", ["", "aGk", "hello", json.dumps(CLAIMS)], ids=["detached", "a", "b", "attached"])
def test_j15_a_payload_that_is_not_encoded(payload: str) -> None:
    """RFC 7797: the signature is over the text itself, which may be sent beside the token."""
    header = segment({**HEADER, "b64": False, "crit": ["b64"]})
    signature = sign_text(f"{header}.{payload or BODY}")

    assert refused(f"{header}.{payload}.{signature}") in ("form", "header")


BOMB = zlib.compress(b"\0" * 5_000_000, 9, -15)
JWE_HEADERS: list[dict[str, Any]] = [
    {"alg": "dir", "enc": "A256GCM"}, {"alg": "dir", "enc": "A256GCM", "zip": "DEF"},
    {"alg": "RSA1_5", "enc": "A256GCM"}, {"alg": "RSA-OAEP-256", "enc": "A128CBC-HS256"},
    {"alg": "ECDH-ES", "enc": "A128GCM"},
    {"alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": 2**31, "p2s": "c2FsdA"},
]  # fmt: skip


@pytest.mark.parametrize("header", JWE_HEADERS, ids=lambda header: header["alg"])
def test_j16_an_encrypted_token_is_refused_by_its_five_segments_before_anything_is_decoded(
    header: dict[str, Any], decodings: list[str]
) -> None:
    kid = HEADER["kid"]
    for ciphertext in (b"ciphertext", BOMB):
        assert refused(".".join([segment({**header, "kid": kid}), "", "aXY", b64(ciphertext), "dGFn"])) == "form"
        assert refused(".".join([segment({**header, "kid": kid}), "a2V5", "aXY", b64(ciphertext), "dGFn"])) == "form"

    assert decodings == []


def test_j16_a_compressed_payload_is_refused_by_its_header_and_stays_packed(decodings: list[str]) -> None:
    for packed in (zlib.compress(json.dumps(CLAIMS).encode(), 9, -15), BOMB):
        decodings.clear()
        token = forge(json.dumps({**HEADER, "zip": "DEF"}).encode(), packed, access_key())

        assert len(token) <= MAX_TOKEN_BYTES
        assert refused(token) == "header"
        assert len(decodings) == 1  # the header


def test_j16_a_compressed_payload_without_a_word_of_it_is_no_json() -> None:
    assert refused(forge(json.dumps(HEADER).encode(), BOMB, access_key())) == "payload"


@pytest.mark.parametrize("missing", ["alg", "kid", "typ"])
def test_a_header_member_that_is_missing(missing: str) -> None:
    refused(signed({name: value for name, value in HEADER.items() if name != missing}))


@pytest.mark.parametrize("payload", [b'"' + GOOD.encode() + b'"', GOOD.encode()], ids=["quoted", "bare"])
def test_j17_a_token_inside_a_token(payload: bytes) -> None:
    refused(forge(json.dumps(HEADER).encode(), payload, access_key()))


@pytest.mark.parametrize(
    "typ",
    ["JWT", "jwt", "at+JWT", "AT+jwt", "application/at+jwt", "rt+jwt", "dt+jwt", "id+jwt", "logout+jwt", "dpop+jwt",
     "secevent+jwt", "", "at+jwt ", " at+jwt", "at+jwt\0", "at+jwt;v=1", "\u0430t+jwt", None, ["at+jwt"], {}, 1, True],
    ids=repr,
)  # fmt: skip
def test_j18_any_other_type(typ: Any) -> None:
    assert refused(signed({**HEADER, "typ": typ})) == "typ"


@pytest.mark.parametrize(
    "aud",
    [["sallyport"], ["sallyport", "other"], [], ["sallyport", 1], {"sallyport": 1}, None, 1, "Sallyport", "sally",
     "other", "sallyport sallyport", "sallyport\0", "s\u0430llyport", ISSUER,
     f"{ISSUER}/auth/refresh", f"{ISSUER}/auth/login"],
)  # fmt: skip
def test_j20_any_other_audience(aud: Any) -> None:
    assert refused(signed(claims={**CLAIMS, "aud": aud})) == "aud"


@pytest.mark.parametrize(
    "iss",
    [[ISSUER], None, 1, {}, ISSUER + "/", ISSUER.upper(), ISSUER[:-1], ISSUER[8:], "https://auth.example.com.evil.example",
     "https://auth\u3002example.com", "https://\u0430uth.example.com", ISSUER.replace("https", "http"), "x"],
)  # fmt: skip
def test_j20_any_other_issuer(iss: Any) -> None:
    assert refused(signed(claims={**CLAIMS, "iss": iss})) == "iss"


BAD_NUMBERS = ["0", "-1", "null", "[]", "true", "1800000100.0", '"1800000100"', '"1.5"', "1e400", "NaN", "Infinity",
               "-Infinity", "18000001e2", "1800000100E0", "-0", "9223372036854775808", "18446744073709551616",
               "1" + "0" * 4000, "1" + "0" * 5000, "{}", '""']  # fmt: skip


@pytest.mark.parametrize("number", [*BAD_NUMBERS, str(NOW), str(NOW - 1), "2147483648", str(NOW + 3_155_760_000)])
def test_j21_any_other_exp(number: str) -> None:
    payload = json.dumps({**CLAIMS, "exp": 0}).replace('"exp": 0', f'"exp": {number}')

    refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key()))


@pytest.mark.parametrize("number", [*BAD_NUMBERS, str(NOW + 31), str(NOW + 600), str(NOW + 601)])
def test_j22_any_other_iat(number: str) -> None:
    payload = json.dumps({**CLAIMS, "iat": 0}).replace('"iat": 0', f'"iat": {number}')

    refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key()))


NOT_A_TIME = [number for number in BAD_NUMBERS if number not in ("0", "-0")]  # both are 1970, which has come


@pytest.mark.parametrize("number", [*NOT_A_TIME, str(NOW + 1), str(NOW + 31), str(NOW + 600)])
def test_j22_any_other_nbf(number: str) -> None:
    """No token of ours has one. Who ignores it would accept a token before its time."""
    payload = json.dumps({**CLAIMS, "nbf": 0}).replace('"nbf": 0', f'"nbf": {number}')

    refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key()))


@pytest.mark.parametrize(("iat", "exp"), [(NOW + 20, NOW + 10), (NOW + 20, NOW + 20), (NOW, NOW + 601), (1, NOW + 600)])
def test_j22_a_lifetime_that_is_none_or_too_long(iat: int, exp: int) -> None:
    assert refused(signed(claims={**CLAIMS, "iat": iat, "exp": exp})) == "exp"


@pytest.mark.parametrize("nbf", [0, NOW - 1, NOW])
def test_j22_an_nbf_that_has_come_refuses_nothing(nbf: int) -> None:
    assert verify(signed(claims={**CLAIMS, "nbf": nbf})).sub == "user-1"


@pytest.mark.parametrize("name", CLAIMS)
@pytest.mark.parametrize("value", ["absent", None, "", [], ["user-1"], {}, True, False, 1.5, -1, 0, 2**53])
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


@pytest.mark.parametrize(
    "extra",
    ['"sub":"user-2"', '"sub":"user-1"', '"exp":9999999999', '"s\\u0075b":"user-2"', '"\\u0065xp":1', '"jti":null',
     '"x":{"a":1,"a":2}', '"x":[{"a":1,"\\u0061":2}]', '"":1,"":1'],
)  # fmt: skip
def test_j24_a_name_that_stands_twice_in_the_payload(extra: str) -> None:
    payload = json.dumps(CLAIMS)[:-1] + "," + extra + "}"

    assert refused(forge(json.dumps(HEADER).encode(), payload.encode(), access_key())) == "payload"


@pytest.mark.parametrize(
    "extra", ['"alg":"none"', '"alg":"RS256"', '"kid":"other"', '"typ":"at+jwt"', '"\\u0061lg":"RS256"', '"typ":"JWT"']
)
def test_j24_a_name_that_stands_twice_in_the_header(extra: str) -> None:
    header = f"{json.dumps(HEADER)[:-1]},{extra}}}"

    assert refused(forge(header.encode(), json.dumps(CLAIMS).encode(), access_key())) == "header"


ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
BAD_LETTERS = {
    "not UTF-8": b"\xff", "overlong slash": b"\xc0\xaf", "overlong NUL": b"\xc0\x80", "overlong, 3": b"\xe0\x80\xaf",
    "overlong, 4": b"\xf0\x80\x80\xaf", "surrogate": b"\xed\xa0\x80", "pair": b"\xed\xa0\x80\xed\xb0\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80", "cut short": b"\xe2\x82", "high surrogate": b"\\ud800",
    "low surrogate": b"\\udc00", "pair turned round": b"\\udc00\\ud800", "NUL": b"\0", "control": b"\x1f", "tab": b"\t",
    "newline": b"\n", "no escape": b"\\x41",
}  # fmt: skip


def badly_written(members: dict[str, Any]) -> dict[str, bytes]:
    """Write an object that holds LETTER in every way that is not strict UTF-8."""
    text = json.dumps(members)
    wrong = {encoding: text.replace("LETTER", "x").encode(encoding) for encoding in ENCODINGS}
    return wrong | {name: text.encode().replace(b"LETTER", letter) for name, letter in BAD_LETTERS.items()}


BAD_PAYLOADS = badly_written({**CLAIMS, "client_id": "LETTER"})
BAD_HEADERS = badly_written({**HEADER, "typ": "LETTER"})


@pytest.mark.parametrize("payload", BAD_PAYLOADS.values(), ids=BAD_PAYLOADS)
def test_j25_a_payload_that_is_not_strict_utf_8(payload: bytes) -> None:
    assert refused(forge(json.dumps(HEADER).encode(), payload, access_key())) == "payload"


@pytest.mark.parametrize("header", BAD_HEADERS.values(), ids=BAD_HEADERS)
def test_j25_a_header_that_is_not_strict_utf_8(header: bytes) -> None:
    assert refused(forge(header, json.dumps(CLAIMS).encode(), access_key())) == "header"


def of_exactly(length: int) -> str:
    """Make a good token of this length: spaces in the header, for a segment cannot have every length."""
    for spaces in range(3):
        header = json.dumps(HEADER).encode() + b" " * spaces
        room = length - len(forge(header, json.dumps({**CLAIMS, "filler": ""}).encode(), access_key()))
        for filler in range(room * 3 // 4 - 2, room * 3 // 4 + 3):
            token = forge(header, json.dumps({**CLAIMS, "filler": "x" * filler}).encode(), access_key())
            if len(token) == length:
                return token
    raise AssertionError(length)


@pytest.mark.parametrize("length", [MAX_TOKEN_BYTES - 1, MAX_TOKEN_BYTES])
def test_j26_eight_kilobytes_are_accepted(length: int) -> None:
    assert verify(of_exactly(length)).sub == "user-1"


def test_j26_one_byte_more_is_refused_before_anything_is_decoded(decodings: list[str]) -> None:
    token = of_exactly(MAX_TOKEN_BYTES + 1)
    decodings.clear()

    assert refused(token) == "size"
    assert decodings == []


@pytest.mark.parametrize("length", [MAX_TOKEN_BYTES + 1, 100_000, 1_000_000, 10_000_000])
def test_j26_a_longer_token_is_refused_before_it_is_read(length: int, decodings: list[str]) -> None:
    part = "a" * (length // 3)
    for token in ("a" * length, "." * length, f"{part}.{part}.{part}", GOOD + "a" * length, "\0" * length):
        assert refused(token) == "size"

    assert decodings == []


def test_j19_a_refresh_key_signs_no_access_token() -> None:
    ring = KnownKeys({**keys().keys, refresh_key().kid: refresh_key()})
    header = {"alg": "RS256", "kid": refresh_key().kid, "typ": "at+jwt"}

    with pytest.raises(InvalidToken):
        verify(forge(json.dumps(header).encode(), json.dumps(CLAIMS).encode(), refresh_key()), ring)


def test_what_we_sign_has_the_documented_header_and_nothing_else() -> None:
    header, _, _ = access.sign(verify(GOOD), access_key()).split(".")

    assert json.loads(urlsafe_b64decode(header + "=" * (-len(header) % 4))) == HEADER
