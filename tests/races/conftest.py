"""The same races on every engine that has transactions."""

from collections.abc import Iterator

import pytest

from dev.cloud import Cloud
from dev.deployment import Deployment, deploy
from sallyport.identifiers import new_id
from tests.engines import dynoxide
from tests.tokens import ISSUER


@pytest.fixture(scope="session", params=["moto", "dynoxide"])
def deployment(request: pytest.FixtureRequest, cloud: Cloud) -> Iterator[Deployment]:
    if request.param == "moto":
        yield deploy(ISSUER, {}, table_name=f"races-{new_id()}")
        return
    with dynoxide() as url:
        yield deploy(ISSUER, {"DYNAMODB_ENDPOINT_URL": url}, table_name=f"races-{new_id()}")
