"""Tokens and signatures that others made (tests/vectors), judged by our keys and sent to every door."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.aws.cloud import LOCAL, Cloud
from dev.aws.deployment import Deployment, deploy
from sallyport.aws.dynamodb.public_keys import published_item
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from sallyport.keys.key import public_key
from sallyport.keys.signing import SigningKey
from tests.attacks.gateway import a_request, gateway_before
from tests.support.deployed import STRICT, Stack
from tests.support.shapes import SAMPLES
from tests.support.tokens import ISSUER, segment
from tests.support.watch import Watch

VECTORS = Path(__file__).parent.parent / "vectors"
TOKENS = sorted({line.split()[1] for line in (VECTORS / "jose_tokens.txt").read_text().splitlines()})
GROUPS: list[dict[str, Any]] = [
    json.loads(line) for line in (VECTORS / "wycheproof_signatures.jsonl").read_text().splitlines()
]


def kid_of(number: int) -> str:
    return f"wycheproof-{number}"


def jwk_of(number: int) -> Mapping[str, Any]:
    group = GROUPS[number]
    return {**group["jwk"], "alg": group["alg"], "kid": kid_of(number), "use": "sig"}


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture(scope="module")
def deployment(cloud: Cloud) -> Deployment:
    """A deployment that has published the keys of the vectors beside its own: nothing is refused for its `kid`."""
    deployment = deploy(ISSUER, STRICT, table_name=f"foreign-{new_id()}")
    table = Table(LOCAL.dynamodb(), deployment.table_name)
    for number in range(len(GROUPS)):
        table.put(published_item(jwk_of(number), 0))
    return deployment


def test_there_are_hundreds() -> None:
    assert len(TOKENS) == 148
    assert sum(len(group["tests"]) for group in GROUPS) == 262 + 259


@pytest.mark.parametrize(("alg", "valid", "invalid"), [("ES256", 173, 89), ("RS256", 9, 249)])
def test_a_foreign_signature_is_judged_as_its_authors_judge_it(alg: str, valid: int, invalid: int) -> None:
    """J05 to J07: what is wrong with a signature that is not simply another one."""
    judged = {"valid": 0, "invalid": 0}
    for number, group in enumerate(GROUPS):
        key = public_key(jwk_of(number))
        for test in group["tests"] if group["alg"] == alg else ():
            verdict = key.verify(decoded(test["message"]), decoded(test["signature"]))
            if test["result"] != "acceptable":  # a signature without its NULL parameter: either answer is right
                assert verdict is (test["result"] == "valid"), (group["file"], test["id"])
                judged[test["result"]] += 1

    assert judged == {"valid": valid, "invalid": invalid}


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_no_foreign_signature_makes_a_token_by_a_key_that_is_published(watch: Watch, alg: str) -> None:
    reasons = set()
    for number, group in enumerate(GROUPS):
        header = segment({"alg": group["alg"], "kid": kid_of(number), "typ": "at+jwt"})
        for test in group["tests"] if group["alg"] == alg else ():
            token = f"{header}.{test['message'] or segment({})}.{test['signature']}"
            reasons.add(watch.denies(f"Bearer {token}"))

    assert reasons <= {"signature", "size", "form", "authorization"}
    assert "signature" in reasons


@pytest.mark.parametrize("shape", SAMPLES)
def test_no_foreign_token_is_allowed(watch: Watch, shape: str) -> None:
    for token in TOKENS:
        assert watch.denies(f"Bearer {token}", shape)


def test_no_foreign_token_is_allowed_in_a_header_of_ours(watch: Watch, access_signing_key: SigningKey) -> None:
    """Its header is ours then, and every question but that of the signature is answered."""
    header = segment({"alg": access_signing_key.alg, "kid": access_signing_key.kid, "typ": "at+jwt"})
    reasons = [watch.denies(f"Bearer {header}.{token.partition('.')[2]}") for token in TOKENS]

    assert reasons.count("signature") > len(TOKENS) // 4


def test_no_foreign_token_passes_the_gateway(watch: Watch, stack: Stack) -> None:
    gateway = gateway_before(stack)
    for token in TOKENS:
        with watch.quiet(token) as lines:
            answer = gateway.answer(a_request("GET", "/auth/me", ("authorization", f"Bearer {token}")))
        assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
        assert lines[0]["message"] == "denied"


def test_no_foreign_token_refreshes_or_logs_out(watch: Watch, stack: Stack, login: dict[str, Any]) -> None:
    for token in TOKENS:
        assert watch.refuses_to_refresh(token)
        watch.logs_nobody_out(body=token)
        watch.logs_nobody_out(bearer=token)

    assert stack.authorize(login["access_token"])["isAuthorized"]
