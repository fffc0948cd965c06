"""`make smoke` against the local server: what it will do to a deployed stack."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dev.cloud import Cloud
from ops import smoke
from sallyport.aws import clients
from sallyport.aws.dynamodb.table import Table
from tests.e2e.conftest import running
from tests.engines import dynoxide


@pytest.fixture(scope="module")
def target(cloud: Cloud) -> Iterator[smoke.Target]:
    with dynoxide() as engine, running(DYNAMODB_ENDPOINT_URL=engine) as server:
        yield smoke.Target(server.url, server.url, "sallyport", Table(clients.dynamodb(engine), "sallyport-dev"))


def test_a_healthy_stack_passes_and_keeps_nothing_of_the_smoke(
    target: smoke.Target, capsys: pytest.CaptureFixture[str]
) -> None:
    report = smoke.run(target)
    left = target.table._client.scan(TableName="sallyport-dev", ConsistentRead=True)["Items"]

    assert report.failed == []
    assert capsys.readouterr().out.count("ok  ") == 17
    assert "smoke" not in str(left)


def test_what_is_wrong_is_named(target: smoke.Target, capsys: pytest.CaptureFixture[str]) -> None:
    report = smoke.run(replace(target, issuer="https://elsewhere.example"))

    assert report.failed == ["discovery names the issuer", "the key set verifies the access token"]
    assert capsys.readouterr().out.count("FAIL") == 2


def test_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    assert smoke.main([]) == 2
    assert "make smoke STACK=" in capsys.readouterr().err
