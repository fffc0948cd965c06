"""Where signed reads go: where botocore would send them, or nowhere."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import botocore
import pytest
from botocore.session import Session

from sallyport.aws.signed.endpoint import ca_bundle, resolve

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
HERE = {"AWS_DEFAULT_REGION": "eu-central-1"}

PARTITIONS = json.loads((Path(botocore.__file__).parent / "data/partitions.json").read_text())["partitions"]
REGIONS = sorted(
    region for partition in PARTITIONS for region in partition["regions"] if not region.endswith("-global")
)

FROM_THE_ENVIRONMENT: Mapping[str, Mapping[str, str]] = {
    "a Region": HERE,
    "two Regions": {**HERE, "AWS_REGION": "us-east-1"},
    "an endpoint": {**HERE, "AWS_ENDPOINT_URL": "http://127.0.0.1:8000"},
    "an endpoint with its port": {**HERE, "AWS_ENDPOINT_URL": "https://dynamodb.example.com:443/"},
    "an address of IPv6": {**HERE, "AWS_ENDPOINT_URL": "http://[::1]:8000"},
    "one for the service": {
        **HERE,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:8000",
        "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9000",
    },
    "endpoints that do not count": {
        **HERE,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:8000",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE",
    },
}

ONLY_BOTOCORE_KNOWS: Mapping[str, Mapping[str, str]] = {
    "no Region": {},
    "no Region that botocore reads": {"AWS_REGION": "eu-central-1"},
    "no Region at an endpoint": {"AWS_ENDPOINT_URL": "http://127.0.0.1:8000"},
    "another scheme": {**HERE, "AWS_ENDPOINT_URL": "ftp://example.com"},
    "FIPS": {**HERE, "AWS_USE_FIPS_ENDPOINT": "true"},
    "dual stack": {**HERE, "AWS_USE_DUALSTACK_ENDPOINT": "True"},
    "a proxy": {**HERE, "HTTPS_PROXY": "http://proxy.example.com"},
    "a proxy for everything": {**HERE, "all_proxy": "http://proxy.example.com"},
    "a path": {**HERE, "AWS_ENDPOINT_URL": "https://example.com/dynamodb"},
    "a query": {**HERE, "AWS_ENDPOINT_URL": "https://example.com/?a=b"},
    "a password": {**HERE, "AWS_ENDPOINT_URL": "https://user:word@example.com"},
    "no URL": {**HERE, "AWS_ENDPOINT_URL": "example.com"},
    "no Region that there could be": {"AWS_DEFAULT_REGION": "us-east-1.example.com/"},
    "a Region of a partition that nobody knows": {"AWS_DEFAULT_REGION": "xx-north-1"},
}


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, told: Mapping[str, str]) -> Mapping[str, str]:
    """Nothing but what is told, for botocore as for us."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in {**KEYS, **told, "AWS_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    return told


def by_botocore(service: str) -> str:
    return str(Session().create_client(service).meta.endpoint_url).rstrip("/")


def by_us(service: str, environ: Mapping[str, str]) -> str | None:
    at = resolve(service, environ)
    return at and f"{'https' if at.is_secure else 'http'}://{at.netloc}"


@pytest.mark.parametrize("told", FROM_THE_ENVIRONMENT.values(), ids=FROM_THE_ENVIRONMENT)
def test_an_endpoint_is_found_where_botocore_finds_it(environ: Mapping[str, str]) -> None:
    assert by_us("dynamodb", environ) == by_botocore("dynamodb").removesuffix(":443")


@pytest.mark.parametrize("told", [{}])
def test_a_region_is_where_botocore_has_it_or_left_to_botocore(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session()
    for service in ("dynamodb", "kms"):
        for region in REGIONS:
            ours = by_us(service, {"AWS_DEFAULT_REGION": region})
            assert ours in (None, session.create_client(service, region_name=region).meta.endpoint_url)
            assert (ours is None) == region.startswith(("us-iso", "eu-iso", "eusc-"))


@pytest.mark.parametrize("environ", ONLY_BOTOCORE_KNOWS.values(), ids=ONLY_BOTOCORE_KNOWS)
def test_what_only_botocore_knows_is_left_to_it(environ: Mapping[str, str]) -> None:
    assert resolve("dynamodb", environ) is None


def test_the_endpoint_of_a_setting_stands_above_those_of_the_environment() -> None:
    environ = {**HERE, "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:2"}

    at = resolve("dynamodb", environ, "http://127.0.0.1:3")

    assert at is not None
    assert at.netloc == "127.0.0.1:3"


def test_certificates_are_those_that_botocore_would_trust() -> None:
    assert ca_bundle({}) is None
    assert ca_bundle({"REQUESTS_CA_BUNDLE": "theirs.pem"}) == "theirs.pem"
    assert ca_bundle({"REQUESTS_CA_BUNDLE": "theirs.pem", "AWS_CA_BUNDLE": "ours.pem"}) == "ours.pem"
