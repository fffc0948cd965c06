"""What docs/costs.md says of things that are billed by the piece, counted in template.yaml."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.prices import (
    ALARM_METRIC,
    CUSTOM_METRIC,
    HOURS_A_MONTH,
    KMS_KEY,
    LAMBDA_GB_SECOND,
    SNAPSTART_CACHE,
    SNAPSTART_RESTORE,
)
from dev.aws.cloud import Cloud
from dev.sam.stack import read, translate
from dev.sam.template import ROOT, of_type

PAGE = (ROOT / "docs/costs.md").read_text()
METRICS_OF_A_ROUTE = 6


@pytest.fixture(scope="module")
def resources(cloud: Cloud) -> dict[str, Any]:
    return dict(translate(table_name="t", kms_key_id="k", given={"SnapStart": "PublishedVersions"}))


def said(pattern: str) -> tuple[float, ...]:
    """Return the numbers that a sentence of the page gives."""
    found = re.search(pattern, PAGE.replace("\n", " "))
    assert found is not None, pattern
    return tuple(float(number.replace(",", "")) for number in found.groups())


def near(*numbers: float, within: float = 0.0051) -> Any:
    """Return what equals these numbers as the page rounds them."""
    return pytest.approx(numbers, abs=within)


def test_an_idle_stack_costs_what_the_page_says_and_less_than_five_dollars(resources: dict[str, Any]) -> None:
    metrics = sum(
        sum("MetricStat" in metric for metric in alarm.get("Metrics", [])) or 1
        for _, alarm in of_type(resources, "AWS::CloudWatch::Alarm")
    )
    rows = re.findall(r"^\| [^|*]+ \| \$([\d.]+) \|$", PAGE.partition("## What options")[0], re.MULTILINE)
    (total,) = said(r"\*\*together\*\* \| \*\*\$([\d.]+)\*\*")

    assert said(r"alarms: (\d+) metrics at \$0.10 \| \$([\d.]+)") == near(metrics, metrics * ALARM_METRIC)
    assert float(rows[0]) == KMS_KEY
    assert sum(map(float, rows)) == pytest.approx(total)
    assert total < 5
    assert "Dashboard" not in resources
    billed_by_the_month = {"AWS::KMS::Key", "AWS::CloudWatch::Alarm"}
    assert {resource["Type"] for resource in resources.values()} - FREE_WHILE_IDLE == billed_by_the_month


FREE_WHILE_IDLE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Logs::LogGroup",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::ConfigurationSetEventDestination",
    "AWS::SES::EmailIdentity",
    "AWS::SQS::Queue",
    "AWS::Scheduler::Schedule",
    "Custom::SallyportChecks",
    "Custom::SallyportSigningKeys",
}
"""Whoever adds a kind looks up what it costs while nobody uses it, and says so on the page if that is anything."""


def test_what_snapstart_adds_is_what_the_page_says(resources: dict[str, Any]) -> None:
    functions = [f for _, f in of_type(resources, "AWS::Lambda::Function") if f["SnapStart"]["ApplyOn"] != "None"]
    (memory,) = {function["MemorySize"] for function in functions}
    version = memory / 1024 * SNAPSTART_CACHE * HOURS_A_MONTH * 3600

    assert said(
        r"\$([\d.]+) a month for each kept version of each of (\d+) functions: \$([\d.]+) for each kept release."
        r" And \$([\d.]+) for a thousand cold starts"
    ) == near(version, len(functions), len(functions) * version, 1000 * memory / 1024 * SNAPSTART_RESTORE)
    assert said(r"each millisecond that is billed \| \$([\d.]+) \| arm64, ([\d,]+) MB") == near(
        1000 * memory / 1024 * LAMBDA_GB_SECOND, memory, within=0.0005
    )


def test_what_metrics_add_is_what_the_page_says(cloud: Cloud) -> None:
    routes = len(read(table_name="t", kms_key_id="k").routes)
    of_routes = routes * METRICS_OF_A_ROUTE * CUSTOM_METRIC
    shown = set(ours_on_the_dashboard())

    assert said(r"six metrics for each of (\d+) routes, \$0.30 .{0,60}: up to \$([\d.]+)") == near(routes, of_routes)
    assert said(r"dashboard shows (\d+) of them, so expect up to \$(\d+)") == near(
        len(shown), len(shown) * CUSTOM_METRIC, within=0.5
    )


def ours_on_the_dashboard() -> Iterator[tuple[str, ...]]:
    resources = translate(table_name="t", kms_key_id="k", given={"CreateDashboard": "true"})
    for widget in json.loads(resources["Dashboard"]["Properties"]["DashboardBody"])["widgets"]:
        row: list[str] = []
        for shown in widget["properties"]["metrics"]:
            named = [part for part in shown if isinstance(part, str)]
            row = [row[at] if part == "." else part for at, part in enumerate(named)]
            if row[0] == "Sallyport":
                yield tuple(row)


def test_the_example_adds_up() -> None:
    for terms, total in re.findall(r"((?:[\d.]+ \+ )+[\d.]+) = \$([\d.]+)", PAGE):
        assert sum(map(float, terms.split(" + "))) == pytest.approx(float(total)), total
