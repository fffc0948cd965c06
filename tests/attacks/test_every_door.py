"""One token of each row of J at every door: the authorizer, asked in five ways, and our own endpoints.

What each row is about in full is tested where it can fail first (docs/attacks.md); here the doors are held to it.
"""

import json
import socket
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from sallyport.keys.make import new_key
from sallyport.keys.signing import SigningKey, signing_key
from tests.attacks.hmac_secrets import public_forms, with_hmac
from tests.support.deployed import Stack, sample
from tests.support.shapes import SAMPLES
from tests.support.tokens import b64, forge, segment, unverified_claims
from tests.support.watch import Watch

Make = Callable[["Bad"], str]


@dataclass(frozen=True)
class Bad:
    """A good token of a living session, and the key that signed it: the two things to make bad ones of."""

    good: str
    key: SigningKey
    typ: str
    public_pem: bytes
    listener: str

    @property
    def header(self) -> dict[str, Any]:
        return {"alg": self.key.alg, "kid": self.key.kid, "typ": self.typ}

    def signed(self, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        return self.text(
            json.dumps({**self.header, **(header or {})}), json.dumps({**unverified_claims(self.good), **changes})
        )

    def text(self, header: str, payload: str, encoding: str = "utf-8") -> str:
        return forge(header.encode(), payload.encode(encoding), self.key)

    def unsigned(self, **header: Any) -> str:
        return f"{segment({**self.header, **header})}.{self.good.split('.')[1]}"

    def without(self, name: str) -> str:
        rest = {other: value for other, value in unverified_claims(self.good).items() if other != name}
        return self.text(json.dumps(self.header), json.dumps(rest))


def _by_a_stranger(bad: Bad, **header: Any) -> str:
    made = new_key("RS256")
    theirs = signing_key(made.kid, made.alg, made.secret)
    said = {**bad.header, "alg": "RS256", "jwk": made.jwk, **header}
    return forge(json.dumps(said).encode(), json.dumps(unverified_claims(bad.good)).encode(), theirs)


def _by_a_public_key(bad: Bad) -> str:
    return with_hmac({**bad.header, "alg": "HS256"}, unverified_claims(bad.good), bad.public_pem)


def _with_a_bit_changed(bad: Bad) -> str:
    signing_input, _, signature = bad.good.rpartition(".")
    raw = bytearray(urlsafe_b64decode(signature + "=="))
    raw[len(raw) // 2] ^= 1
    return f"{signing_input}.{b64(bytes(raw))}"


ROWS: Mapping[str, Make] = {
    "J01 none": lambda bad: bad.unsigned(alg="none") + ".",
    "J01 none, with our signature": lambda bad: f"{bad.unsigned(alg='none')}.{bad.good.split('.')[2]}",
    "J02": _by_a_public_key,
    "J03": lambda bad: bad.signed({"alg": "RS384"}),
    "J04": lambda bad: with_hmac({**bad.header, "alg": "HS256"}, unverified_claims(bad.good), b"secret"),
    "J05 a bit": _with_a_bit_changed,
    "J05 cut": lambda bad: bad.good[:-4],
    "J05 missing": lambda bad: bad.good.rpartition(".")[0],
    "J06": lambda bad: f"{bad.good.rpartition('.')[0]}.{b64(bytes(64))}",
    "J08 padded": lambda bad: bad.good + "==",
    "J08 a letter inside": lambda bad: bad.good[:30] + "!" + bad.good[30:],
    "J09": lambda bad: bad.good + ".a.b",
    "J10 header": lambda bad: bad.text("[]", json.dumps(unverified_claims(bad.good))),
    "J10 payload": lambda bad: bad.text(json.dumps(bad.header), "[" * 4000),
    "J11 unknown": lambda bad: bad.signed({"kid": "k" * 43}),
    "J11 a path": lambda bad: bad.signed({"kid": "../../../../etc/passwd"}),
    "J11 SQL": lambda bad: bad.signed({"kid": "' UNION SELECT '1';--"}),
    "J13 jwk": _by_a_stranger,
    "J13 jku": lambda bad: _by_a_stranger(bad, jku=bad.listener, x5u=bad.listener),
    "J13 a stranger's kid": lambda bad: _by_a_stranger(bad, kid="k" * 43, jku=bad.listener, x5u=bad.listener),
    "J13 metadata": lambda bad: _by_a_stranger(bad, jku="http://169.254.169.254/latest/", x5u="file:///etc/passwd"),
    "J14": lambda bad: bad.signed({"jku": bad.listener}),
    "J15 crit": lambda bad: bad.signed({"crit": ["exp"]}),
    "J15 b64": lambda bad: bad.signed({"crit": ["b64"], "b64": True}),
    "J16 zip": lambda bad: f"{segment({**bad.header, 'zip': 'DEF'})}.{b64(zlib.compress(b'{}', 9, -15))}.AAAA",
    "J16 JWE": lambda bad: f"{segment({'alg': 'dir', 'enc': 'A256GCM'})}..AAAA.AAAA.AAAA",
    "J17": lambda bad: bad.text(json.dumps(bad.header), json.dumps(bad.good)),
    "J18": lambda bad: bad.signed({"typ": "JWT"}),
    "J20 iss": lambda bad: bad.signed(iss="https://evil.example"),
    "J20 aud": lambda bad: bad.signed(aud=["sallyport", "other"]),
    "J21": lambda bad: bad.signed(exp=1),
    "J21 text": lambda bad: bad.signed(exp=str(unverified_claims(bad.good)["exp"])),
    "J22 nbf": lambda bad: bad.signed(nbf=unverified_claims(bad.good)["exp"] - 1),
    "J22 iat": lambda bad: bad.signed(iat=unverified_claims(bad.good)["exp"] - 1),
    "J23 sub": lambda bad: bad.without("sub"),
    "J23 jti": lambda bad: bad.signed(jti=""),
    "J23 sid": lambda bad: bad.signed(sid="a#b"),
    "J24": lambda bad: bad.text(
        json.dumps(bad.header), json.dumps(unverified_claims(bad.good))[:-1] + ',"sub":"someone"}'
    ),
    "J25": lambda bad: bad.text(json.dumps(bad.header), json.dumps(unverified_claims(bad.good)), "utf-16"),
    "J26": lambda bad: bad.signed(filler="x" * 8192),
}  # fmt: skip
every_row = pytest.mark.parametrize("make", ROWS.values(), ids=ROWS)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server that an attacker would have us call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.fixture
def bad_access(login: dict[str, Any], access_signing_key: SigningKey, listener: socket.socket) -> Bad:
    pem = public_forms(access_signing_key.material.public_key(), None)["PEM"]
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    return Bad(login["access_token"], access_signing_key, "at+jwt", pem, url)


@pytest.fixture
def bad_refresh(login: dict[str, Any], bad_access: Bad, refresh_signing_key: SigningKey) -> Bad:
    return replace(bad_access, good=login["refresh_token"], key=refresh_signing_key, typ="rt+jwt")


@every_row
def test_the_authorizer_denies_it_however_it_is_asked(
    watch: Watch, stack: Stack, login: dict[str, Any], bad_access: Bad, make: Make
) -> None:
    token = make(bad_access)
    for shape in SAMPLES:
        watch.denies(f"Bearer {token}", shape)

    assert stack.authorize(login["access_token"])["isAuthorized"]


@every_row
def test_verify_answers_401_to_it(
    watch: Watch, stack: Stack, login: dict[str, Any], bad_access: Bad, make: Make
) -> None:
    token = make(bad_access)
    with watch.quiet(token) as lines:
        answer = stack.call("Verify", sample("verify_allowed", authorization=f"Bearer {token}"))

    assert (answer.status, lines[0]["outcome"]) == (401, "invalid_token")
    assert stack.call("Verify", sample("verify_below", authorization=f"Bearer {login['access_token']}")).status == 204


@pytest.mark.parametrize("length", [100_000, 1_000_000, 10_000_000])
def test_j26_a_token_of_megabytes_is_denied_for_its_size(watch: Watch, login: dict[str, Any], length: int) -> None:
    """No gateway lets one through, but whoever invokes the function may send it."""
    assert watch.denies(f"Bearer {login['access_token']}{'a' * length}") == "size"


@every_row
def test_no_session_is_refreshed_or_ended_by_it(
    watch: Watch, stack: Stack, login: dict[str, Any], bad_access: Bad, bad_refresh: Bad, make: Make
) -> None:
    refresh, access = make(bad_refresh), make(bad_access)
    watch.refuses_to_refresh(refresh)
    watch.logs_nobody_out(body=refresh)
    watch.logs_nobody_out(bearer=access)

    assert stack.refresh(login["refresh_token"]).status == 200


def test_what_they_are_all_made_of_is_good(stack: Stack, bad_access: Bad, bad_refresh: Bad) -> None:
    """So each is refused for what is wrong with it, and for nothing else."""
    assert stack.authorize(bad_access.signed())["isAuthorized"]
    assert stack.refresh(bad_refresh.signed()).status == 200
