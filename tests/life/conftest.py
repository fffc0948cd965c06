"""A server on a real engine, twice as fast as the embedded one, whose sessions live longer than the month."""

from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.conftest import running
from tests.life.world import DAY, World
from tests.support.engines import dynoxide


@pytest.fixture
def world() -> Iterator[World]:
    life = str(100 * DAY)
    with (
        dynoxide() as url,
        running(DYNAMODB_ENDPOINT_URL=url, SESSION_SECONDS=life, SESSION_IDLE_SECONDS=life) as server,
        httpx.Client(base_url=server.url, timeout=60) as http,
    ):
        yield World(http)
