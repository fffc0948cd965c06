"""What several kinds of test share: the embedded cloud, started once, and a wire to it that can be cut."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from dev.cloud import Cloud, never_reach_aws
from tests.wire import Wire

settings.register_profile("sallyport", deadline=None, derandomize=True)  # no test depends on the machine's speed
settings.load_profile("sallyport")

_wire = Wire()


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    cloud = Cloud(_wire)
    never_reach_aws(cloud)
    yield cloud
    cloud.close()


@pytest.fixture
def wire(cloud: Cloud) -> Iterator[Wire]:
    """Every call to the cloud during one test."""
    _wire.reset()
    yield _wire
    _wire.reset()
