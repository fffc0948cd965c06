"""The same races on every engine that has transactions."""

from collections.abc import Iterator

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import Deployment, deploy
from sallyport.identifiers import new_id
from tests.races.arena import Arena, open_arena
from tests.support.deployed import STRICT
from tests.support.engines import dynoxide
from tests.support.tokens import ISSUER


@pytest.fixture(scope="session", params=["moto", "dynoxide"])
def endpoint_url(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[str | None]:
    if request.param == "moto":
        yield None
        return
    with dynoxide() as url:
        yield url


@pytest.fixture(scope="session")
def deployment(endpoint_url: str | None) -> Deployment:
    return deploy(ISSUER, {**STRICT, "DYNAMODB_ENDPOINT_URL": endpoint_url or ""}, table_name=f"races-{new_id()}")


@pytest.fixture
def arena(endpoint_url: str | None, cloud: Cloud, times: int) -> Arena:
    return open_arena(endpoint_url, cloud, times=times)
