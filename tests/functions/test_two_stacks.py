"""Two stacks in one account know nothing of each other (ATTACKS O10)."""

import json
from typing import Any

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import deploy
from tests.support.deployed import Stack, open_stack
from tests.support.stopped_time import MovableTime
from tests.support.tokens import ISSUER
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check


@pytest.fixture
def stacks(cloud: Cloud, clock: MovableTime) -> tuple[Stack, Stack]:
    prod, staging = (deploy(ISSUER, {"STACK_NAME": name}, table_name=f"two-{name}") for name in ("prod", "staging"))
    return open_stack(prod, clock), open_stack(staging, clock)


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]


def test_what_one_stack_logs_counts_and_audits_is_not_the_others(
    stacks: tuple[Stack, Stack],
    wire: Wire,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    prod, staging = stacks
    printed(capsys)

    assert prod.log_in(prod.new_user()).status == 200
    assert {line["stack"] for line in printed(capsys)} == {"prod"}

    user = staging.new_user()
    first = staging.log_in(user).body["refresh_token"]
    staging.clock.advance(61)
    second = staging.refresh(first).body["refresh_token"]
    staging.clock.advance(61)
    newest = staging.refresh(second).body["refresh_token"]
    staging.clock.advance(61)
    assert staging.refresh(first).body["code"] == "invalid_grant"
    assert [len(stack.audited(user.user_id)) for stack in (prod, staging)] == [0, 2]

    wire.refuse("BatchGetItem")
    assert staging.refresh(newest).status == 503
    seen = printed(capsys)
    assert {line["stack"] for line in seen} == {"staging"}
    assert [line["failed"] for line in seen if "failed" in line] == [[1.0]]


def test_a_token_of_one_stack_opens_nothing_of_the_other(stacks: tuple[Stack, Stack]) -> None:
    prod, staging = stacks
    tokens = staging.log_in(staging.new_user()).body

    assert prod.authorize(tokens["access_token"])["isAuthorized"] is False
    assert prod.refresh(tokens["refresh_token"]).body["code"] == "invalid_grant"
