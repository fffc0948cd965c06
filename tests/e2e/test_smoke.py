"""`make smoke` against the local server: what it will do to a deployed stack."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.client import BaseClient
from samtranslator.yaml_helper import yaml_parse

from dev.aws.cloud import Cloud
from dev.sam.template import ROOT
from ops import smoke
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.dynamodb.table import Table
from tests.cli.test_permissions import Use, as_iam_sees
from tests.e2e.conftest import running
from tests.support.engines import dynoxide
from tests.support.raw import every_item, raw_dynamodb


@pytest.fixture(scope="module")
def engine(cloud: Cloud) -> Iterator[str]:
    with dynoxide() as url:
        yield url


@pytest.fixture(scope="module")
def target(engine: str) -> Iterator[smoke.Target]:
    with running(DYNAMODB_ENDPOINT_URL=engine) as server:
        table = Table(ByBotocore(raw_dynamodb(engine)), "sallyport-dev")
        yield smoke.Target(server.url, server.url, "sallyport", table)


def test_a_healthy_stack_passes_and_keeps_nothing_of_the_smoke_but_its_audit_trail(
    target: smoke.Target, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report = smoke.run(target)
    left = every_item("sallyport-dev", engine)

    assert report.failed == []
    assert capsys.readouterr().out.count("ok  ") == 18
    trail = [item for item in left if item["PK"]["S"].startswith("AUDIT#")]
    assert "smoke" not in str([item for item in left if item not in trail])
    assert "@" not in str(trail)


def test_what_is_wrong_is_named(target: smoke.Target, capsys: pytest.CaptureFixture[str]) -> None:
    report = smoke.run(replace(target, issuer="https://elsewhere.example"))

    assert report.failed == ["discovery names the issuer", "the key set verifies the access token"]
    assert capsys.readouterr().out.count("FAIL") == 2


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[Use]:
    """All that this process asks of AWS, as IAM sees it: an action and the partition key that it touches."""
    uses: set[Use] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's own, which the stubs leave out

    def noted(client: Any, operation: str, parameters: Mapping[str, Any]) -> Any:
        uses.update(as_iam_sees(client.meta.service_model.service_name, operation, parameters))
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return uses


def test_the_role_that_deploys_from_ci_may_do_what_it_does_and_no_more(target: smoke.Target, used: set[Use]) -> None:
    role = yaml_parse((ROOT / "examples/ci/deploy-role.yaml").read_text())["Resources"]["DeployRole"]["Properties"]
    (policy,) = [policy["PolicyDocument"] for policy in role["Policies"] if policy["PolicyName"] == "Smoke"]
    allowed = {
        (action, prefix)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for prefix in statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    }

    smoke.run(target)

    matching = {use: {(a, p) for a, p in allowed if a == use[0] and fnmatchcase(use[1] or "", p)} for use in used}
    assert [use for use, rights in matching.items() if not rights] == []
    assert allowed == set().union(*matching.values())


def test_it_says_how_it_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        smoke.main([])

    assert ended.value.code == 2
    assert "make smoke STACK=" in capsys.readouterr().err


def test_a_stack_may_be_reached_at_another_url_than_its_outputs_say(target: smoke.Target) -> None:
    elsewhere = replace(target, url="https://not-reached.invalid")

    assert smoke.main(["sallyport", "--url", f"{target.url}/"], find=lambda _: elsewhere) == 0
