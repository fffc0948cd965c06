"""Access tokens as they are issued, verified by libraries that know nothing of us but what we publish."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry
from jwt import InvalidTokenError, PyJWKClient, PyJWKClientError

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from dev.sam.template import ROOT
from sallyport.identifiers import new_id
from tests.attacks.conftest import active_key
from tests.support.deployed import STRICT, Stack, sample
from tests.support.tokens import ISSUER, unverified_claims

NODE = Path(__file__).parent.parent / "node"
BY_AWS_JWT_VERIFY = """
    import { JwtVerifier } from "aws-jwt-verify";
    import { readFileSync } from "node:fs";
    const { discovery, jwks, audience, tokens } = JSON.parse(readFileSync(0, "utf8"));
    const verifier = JwtVerifier.create({ issuer: discovery.issuer, audience, jwksUri: discovery.jwks_uri });
    verifier.cacheJwks(jwks);
    function verify(token) {
        try { return verifier.verifySync(token); } catch (error) { return { error: error.name }; }
    }
    console.log(JSON.stringify(tokens.map(verify)));
"""

VERIFY_ALL = """
    import { readFileSync } from "node:fs";
    const { jwks, tokens } = JSON.parse(readFileSync(0, "utf8"));
    verifier.cacheJwks(jwks);
    console.log(JSON.stringify(await Promise.all(tokens.map((token) => caller(token).catch(() => null)))));
"""


@dataclass(frozen=True)
class Published:
    """All that the world knows of a deployment."""

    discovery: Mapping[str, Any]
    jwks: Any

    @property
    def algorithms(self) -> list[str]:
        named: list[str] = self.discovery["id_token_signing_alg_values_supported"]
        return named


@pytest.fixture(scope="module", params=["RS256", "ES256"])
def alg(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def deployment(cloud: Cloud, alg: str) -> Deployment:
    return deploy(ISSUER, {**STRICT, "SIGNING_ALGORITHM": alg}, table_name=f"others-{alg}-{new_id()}")


@pytest.fixture
def published(stack: Stack) -> Published:
    read = [stack.call("Wellknown", sample(f"wellknown_{document}")).body for document in ("discovery", "key_set")]
    return Published(*read)


@pytest.fixture
def tokens(stack: Stack) -> list[str]:
    """Access tokens: of a login, of a refresh, and of a user who has been here before."""
    user = stack.new_user()
    login = stack.log_in(user).body
    again = [stack.refresh(login["refresh_token"]).body, stack.log_in(user).body]
    return [answer["access_token"] for answer in (login, *again)]


@pytest.fixture
def worthless(stack: Stack, tokens: list[str]) -> list[str]:
    """Tokens that no verifier of access tokens may take: other kinds, and one with another signature."""
    login = stack.log_in(stack.new_user()).body
    swapped = f"{tokens[0].rpartition('.')[0]}.{tokens[1].rpartition('.')[2]}"
    return [login["refresh_token"], login["device_token"], swapped]


def test_what_is_published_names_the_algorithm(published: Published, tokens: list[str], alg: str) -> None:
    assert published.algorithms == [alg]
    assert {key["alg"] for key in published.jwks["keys"]} == {alg}


def test_joserfc_accepts_them(published: Published, tokens: list[str], worthless: list[str]) -> None:
    keys = KeySet.import_key_set(published.jwks)
    essential = {name: {"essential": True} for name in ("sub", "exp", "iat", "jti", "client_id")}
    registry = JWTClaimsRegistry(
        iss={"essential": True, "value": published.discovery["issuer"]},
        aud={"essential": True, "value": "sallyport"},
        **essential,  # type: ignore[arg-type]
    )

    for token in tokens:
        decoded = jwt.decode(token, keys, algorithms=published.algorithms)
        registry.validate(decoded.claims)
        assert (decoded.claims, decoded.header["typ"]) == (unverified_claims(token), "at+jwt")
    for token in worthless:
        with pytest.raises((JoseError, ValueError)):
            jwt.decode(token, keys, algorithms=published.algorithms)


@pytest.mark.only_in_check
def test_aws_jwt_verify_accepts_them(published: Published, tokens: list[str], worthless: list[str]) -> None:
    if shutil.which("node") is None or not (NODE / "node_modules/aws-jwt-verify").is_dir():
        pytest.skip("aws-jwt-verify is not installed: npm was not found")
    asked = {
        "discovery": published.discovery, "jwks": published.jwks, "audience": "sallyport",
        "tokens": [*tokens, *worthless],
    }  # fmt: skip

    done = subprocess.run(
        ["node", "--input-type=module", "-e", BY_AWS_JWT_VERIFY],
        cwd=NODE, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read[: len(tokens)] == [unverified_claims(token) for token in tokens]
    assert all(answer.keys() == {"error"} for answer in read[len(tokens) :])
    assert len(read) == len(tokens) + len(worthless)


# What docs/verifying.md shows, as it stands there


def shown(language: str, library: str) -> str:
    """Return the page's code for a library."""
    _, _, section = (ROOT / "docs/verifying.md").read_text().partition(f", {library}**")
    found = re.search(rf"^```{language}\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


@dataclass(frozen=True)
class Tried:
    """Tokens that a verifier has to take, and others that it has to refuse."""

    good: list[str]
    bad: list[str]


@pytest.fixture
def tried(stack: Stack, alg: str, tokens: list[str], worthless: list[str]) -> Tried:
    if alg != "RS256":
        pytest.skip("the page shows RS256")
    key, claims = active_key(stack.deployment, "access"), unverified_claims(tokens[0])
    changed = [
        key.sign(claims, typ="JWT"),
        key.sign({**claims, "iss": "https://evil.example"}, typ="at+jwt"),
        key.sign({**claims, "aud": "other"}, typ="at+jwt"),
        key.sign({**claims, "exp": claims["iat"] - 1}, typ="at+jwt"),
        key.sign({name: value for name, value in claims.items() if name != "exp"}, typ="at+jwt"),
        "not.a.token",
    ]
    return Tried([*tokens, key.sign(claims, typ="at+jwt")], [*worthless, *changed])


@pytest.mark.parametrize("library", ["PyJWT", "joserfc"])
def test_what_the_page_shows_in_python_takes_our_access_tokens_and_nothing_else(
    published: Published, tried: Tried, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetched(url: str) -> httpx.Response:
        assert url == published.discovery["jwks_uri"]
        return httpx.Response(200, json=published.jwks, request=httpx.Request("GET", url))

    monkeypatch.setattr(httpx, "get", fetched)
    monkeypatch.setattr(PyJWKClient, "fetch_data", lambda client: fetched(client.uri).json())
    page: dict[str, Any] = {}
    exec(shown("python", library).replace("https://auth.example.com", ISSUER), page)  # the page's own code

    assert [page["caller"](token) for token in tried.good] == [unverified_claims(token) for token in tried.good]
    for token in tried.bad:
        with pytest.raises((InvalidTokenError, PyJWKClientError, JoseError, ValueError)):
            pytest.fail(str(page["caller"](token)))


@pytest.mark.only_in_check
def test_what_the_page_shows_in_node_takes_our_access_tokens_and_nothing_else(
    published: Published, tried: Tried
) -> None:
    if shutil.which("node") is None or not (NODE / "node_modules/aws-jwt-verify").is_dir():
        pytest.skip("aws-jwt-verify is not installed: npm was not found")
    page = shown("javascript", "aws-jwt-verify").replace("https://auth.example.com", ISSUER)
    asked = {"jwks": published.jwks, "tokens": [*tried.good, *tried.bad]}

    done = subprocess.run(
        ["node", "--input-type=module", "-e", page + VERIFY_ALL],
        cwd=NODE, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read[: len(tried.good)] == [unverified_claims(token) for token in tried.good]
    assert read[len(tried.good) :] == [None] * len(tried.bad)
