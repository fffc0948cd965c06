"""Log lines and metrics as CloudWatch gets them."""

import json

import pytest

from sallyport.aws.telemetry import PowertoolsTelemetry


@pytest.fixture(autouse=True)
def _metrics_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)


def test_a_request_is_one_log_line_and_one_count(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsTelemetry("telemetry-1", "INFO").answered(
        "POST /auth/login", 401, "invalid_credentials", "invalid_credentials", "r-1"
    )

    line, metric = (json.loads(printed) for printed in capsys.readouterr().out.splitlines())
    assert line["level"] == "INFO"
    assert {name: line[name] for name in ("route", "status", "outcome", "request_id")} == {
        "route": "POST /auth/login",
        "status": 401,
        "outcome": "invalid_credentials",
        "request_id": "r-1",
    }
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Sallyport"
    assert metric["invalid_credentials"] == [1.0]
    assert metric["service"] == "sallyport.telemetry-1"


def test_a_failure_is_logged_as_an_error_and_counted_for_the_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsTelemetry("telemetry-2", "INFO").failed("BatchGetItem AccessDeniedException", "r-1")

    line, metric = (json.loads(printed) for printed in capsys.readouterr().out.splitlines())
    assert (line["level"], line["reason"]) == ("ERROR", "BatchGetItem AccessDeniedException")
    assert metric["failed"] == [1.0]
