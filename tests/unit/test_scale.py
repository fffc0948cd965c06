"""docs/scale.md shows what benchmarks/scale.py works out, and its simulation is of the authorizer's own window."""

import re
from dataclasses import replace
from random import Random

import pytest

from benchmarks import limits, scale
from benchmarks.blocks import shown
from benchmarks.dollars import ENTRY_BYTES, units_of_a_poll
from benchmarks.limits import LIMITS, USERS
from benchmarks.prices import MILLION
from benchmarks.scale import MARK, PAGE, Entered, Environment, Scenario
from dev.sam.template import ROOT

TEXT = PAGE.read_text()
SMALL = Scenario(environments=6, revocations_per_second=5, shards=2, starting=10, seconds=20)


def test_the_page_shows_the_limits_and_what_the_last_simulation_found() -> None:
    """If this fails, `python -m benchmarks.scale --write` puts the page right."""
    assert shown(TEXT, MARK.format("limits")) == limits.table()
    assert shown(TEXT, MARK.format("window")) == scale.window()


def test_the_page_tells_when_the_accounts_requests_and_a_shard_end() -> None:
    (lambdas,) = (limit for limit in LIMITS if limit.what.startswith("Lambda"))
    (shard,) = (limit for limit in LIMITS if limit.what.endswith("polls, 1 shard"))

    assert f"from about {lambdas.reached_at() / MILLION:.0f} million users" in TEXT
    assert f"from about {shard.reached_at() / MILLION:.0f} million users" in TEXT
    assert f"keeps {limits.busy(USERS):.0f} of them" in TEXT


def test_our_own_limits_are_the_templates_and_an_entry_has_the_size_that_costs_count_with() -> None:
    template = (ROOT / "template.yaml").read_text()

    def told(parameter: str, what: str) -> int:
        (value,) = re.findall(rf"^  {parameter}:\n(?:    .+\n)*?    {what}: (\d+)$", template, re.MULTILINE)
        return int(value)

    assert told("RequestsPerSecond", "Default") == limits.REQUESTS_PER_SECOND
    assert told("LoginRequestsPerSecond", "Default") == limits.LOGIN_REQUESTS_PER_SECOND
    assert told("RevocationShards", "MaxValue") == limits.MOST_SHARDS
    assert Entered(SMALL, Random(1)).entry_bytes == pytest.approx(ENTRY_BYTES, abs=1)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.what)
def test_a_limit_is_reached_when_more_is_used_than_there_is(limit: limits.Limit) -> None:
    at = limit.reached_at()

    assert limit.used(at - 1) <= limit.most < limit.used(at + 100_000)


def test_every_environment_denies_all_that_was_revoked_before_its_last_poll() -> None:
    found = scale.simulate(SMALL)

    assert found.checked > 0
    assert found.missed == 0


def test_a_poll_is_billed_what_the_arithmetic_says() -> None:
    found = scale.simulate(SMALL)

    assert found.units_of_a_poll == pytest.approx(units_of_a_poll(5, shards=2), abs=2)
    assert found.entries_of_a_poll == 95 * 5
    assert found.live_entries == 720 * 5


def test_what_does_not_run_whole_is_billed_as_what_does() -> None:
    table = Entered(SMALL, Random(1))

    def billed(run: bool) -> int:
        table.units.clear()
        environment = Environment(table, SMALL, Random(2))
        if run:
            for at in environment.asked_at():
                environment.ask(at)
        else:
            environment.bill_all()
        return table.units.total()

    assert billed(run=False) == pytest.approx(billed(run=True), abs=2)


def test_shards_spread_what_an_environment_reads() -> None:
    def most_of_a_shard(shards: int) -> int:
        asked = replace(SMALL, revocations_per_second=10, shards=shards)
        table = Entered(asked, Random(1))
        Environment(table, asked, Random(2)).bill_all()
        return max(table.units.values())

    assert most_of_a_shard(8) < most_of_a_shard(1) / 3


def test_a_slower_poll_of_32_shards_costs_what_the_page_says() -> None:
    often, seldom = (limits.polled(USERS, shards=32, poll_seconds=seconds) for seconds in (5, 15))

    assert f"it costs {seldom / often:.0%} of one in 5 s".replace("%", " %") in TEXT
