"""J07, J08 and J28 at the authorizer: another spelling of a token is refused, or is the same token to every revocation.

Here the access tokens are ES256: whoever sees one can write its twin, (r, n-s), which is as good by the standard.
"""

from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from dev.lambda_host.functions import LocalFunction
from sallyport.accounts.user import User
from sallyport.identifiers import new_id
from tests.attacks.test_es256 import N
from tests.support.builders import DAY, an_audit
from tests.support.deployed import STRICT, Answer, Stack, sample
from tests.support.tokens import ISSUER, b64, unverified_claims
from tests.support.watch import READS, Watch


@pytest.fixture(scope="module")
def deployment(cloud: Cloud) -> Deployment:
    return deploy(ISSUER, {**STRICT, "SIGNING_ALGORITHM": "ES256"}, table_name=f"twins-{new_id()}")


@pytest.fixture
def login(stack: Stack, user: User) -> Answer:
    return stack.log_in(user)


@pytest.fixture
def token(login: Answer) -> str:
    access_token: str = login.body["access_token"]
    return access_token


def twin_of(token: str) -> str:
    signing_input, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    s = N - int.from_bytes(raw[32:], "big")
    return f"{signing_input}.{b64(raw[:32] + s.to_bytes(32, 'big'))}"


def spelled_otherwise(token: str) -> list[str]:
    """Write the token as kind decoders would take it for the same."""
    head, _, signature = token.rpartition(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = [signature[:-1] + alphabet[alphabet.index(signature[-1]) ^ bits] for bits in (1, 2, 3)]
    return [f"{token}=", f"{token}==", f"{token} ", *(f"{head}.{each}" for each in other), token[:9] + "\n" + token[9:]]


def test_j07_the_twin_says_the_same(stack: Stack, token: str) -> None:
    twin = twin_of(token)

    assert twin != token
    assert stack.authorize(twin) == stack.authorize(token)
    assert stack.authorize(twin)["isAuthorized"]


def test_e06_each_spelling_is_decided_for_itself_in_any_order(watch: Watch, stack: Stack, token: str) -> None:
    for other in spelled_otherwise(token):
        watch.denies(f"Bearer {other}")
        assert stack.authorize(twin_of(token))["isAuthorized"]
        watch.denies(f"Bearer {other}")
        assert stack.authorize(token)["isAuthorized"]


def revoke(stack: Stack, user: User, login: Answer, way: str) -> None:
    jti = unverified_claims(login.body["access_token"])["jti"]
    match way:
        case "jti":
            stack.table.put({"PK": f"JTI#{jti}", "SK": "JTI"})
        case "jti past its TTL":
            gone = stack.now - 3 * DAY
            stack.table.put({"PK": f"JTI#{jti}", "SK": "JTI", "expires_at": gone, "ttl": gone})
        case "logout":
            stack.log_out(refresh_token=login.body["refresh_token"])
        case "logout by the twin":
            twin = f"Bearer {twin_of(login.body['access_token'])}"
            stack.call("Logout", sample("logout_ended", body={}, authorization=twin))
        case "everywhere":
            stack.log_out(refresh_token=login.body["refresh_token"], everywhere=True)
        case "version":
            stack.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, stack.now * 1000))


WAYS = ["jti", "jti past its TTL", "logout", "logout by the twin", "everywhere", "version"]


@pytest.mark.parametrize("way", WAYS)
def test_j28_a_revocation_reaches_every_spelling(
    watch: Watch, stack: Stack, user: User, login: Answer, token: str, way: str
) -> None:
    revoke(stack, user, login, way)

    reasons = {watch.denies(f"Bearer {either}", reads=READS) for either in (token, twin_of(token))}
    assert len(reasons) == 1
    for other in spelled_otherwise(token):
        watch.denies(f"Bearer {other}")


@pytest.mark.parametrize("way", ["logout", "logout by the twin", "everywhere", "version"])
def test_j28_in_bounded_too(stack: Stack, user: User, login: Answer, token: str, way: str) -> None:
    """But for one token alone, which no entry of this release names."""
    spec = stack.deployment.functions["Authorizer"].spec
    bounded = LocalFunction(replace(spec, environment={**spec.environment, "REVOCATION_MODE": "bounded"}))

    def allows(spelling: str) -> bool:
        answer: dict[str, Any] = bounded.invoke(sample("authorizer_allowed", authorization=f"Bearer {spelling}"))
        return answer["isAuthorized"] is True

    assert (allows(token), allows(twin_of(token))) == (True, True)
    revoke(stack, user, login, way)
    stack.clock.advance(5)

    assert (allows(token), allows(twin_of(token))) == (False, False)


@pytest.mark.parametrize("version", [0, 2])
def test_j27_a_version_that_is_not_the_users(stack: Stack, user: User, token: str, version: int) -> None:
    """Behind it, and ahead of it, as after a table was restored from a backup."""
    stack.table.update(
        (f"USER#{user.user_id}", "USER"), "SET token_version = :v", condition="attribute_exists(PK)",
        values={":v": version},
    )  # fmt: skip

    assert not stack.authorize(token)["isAuthorized"]
