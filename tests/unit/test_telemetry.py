"""Log lines and metrics as CloudWatch gets them."""

import json
import sys
import traceback
from typing import Any

import pytest

from sallyport.aws.authorizer.handler import Authorizer
from sallyport.aws.telemetry import PowertoolsTelemetry, digest
from sallyport.errors import TokenDead, Unavailable
from sallyport.telemetry import Answered
from sallyport.trail import NO_TRAIL, Trail
from sallyport.use_cases.authorize import Authorized
from tests.support.deployed import sample


@pytest.fixture(autouse=True)
def _metrics_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)


def test_a_request_is_one_log_line_and_one_count(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsTelemetry("telemetry-1", "INFO", stack="prod").answered(
        Answered(
            route="POST /auth/login", status=401, outcome="invalid_credentials", reason="invalid_credentials",
            request_id="r-1", trail=NO_TRAIL,
        )
    )  # fmt: skip

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
    assert line.keys().isdisjoint({"session", "also"})


def test_what_else_happened_is_in_the_same_line_and_counted_as_often(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsTelemetry("telemetry-3", "INFO", stack="prod").answered(
        Answered(
            route="POST /auth/refresh", status=200, outcome="rotated", reason="", request_id="r-1",
            trail=Trail("sid-canary", ("race_lost", "race_lost", "sibling_skipped")),
        )
    )  # fmt: skip

    line, metric = (json.loads(printed) for printed in capsys.readouterr().out.splitlines())
    assert line["also"] == ["race_lost", "race_lost", "sibling_skipped"]
    assert {word: metric[word] for word in ("rotated", "race_lost", "sibling_skipped")} == {
        "rotated": [1.0], "race_lost": [2.0], "sibling_skipped": [1.0]
    }  # fmt: skip
    assert line["session"] == digest("sid-canary")


def test_a_session_has_one_name_in_all_logs_that_is_not_its_own() -> None:
    named = digest("sid-canary")

    assert named == digest("sid-canary")
    assert named != digest("sid-other")
    assert len(named) == 16
    assert "canary" not in named


def dimensions(metric: dict[str, Any]) -> list[list[str]]:
    found: list[list[str]] = metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    return [sorted(names) for names in found]


def test_lines_and_counts_name_their_stack(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsTelemetry("telemetry-4", "INFO", stack="staging").denied("expired", "r-1")

    line, metric = (json.loads(printed) for printed in capsys.readouterr().out.splitlines())
    assert line["stack"] == metric["stack"] == "staging"
    assert dimensions(metric) == [["service", "stack"]]


@pytest.mark.parametrize("status", [500, 503])
def test_a_failed_answer_is_counted_once_for_the_stack_as_a_whole(
    capsys: pytest.CaptureFixture[str], status: int
) -> None:
    """One alarm watches this count, whatever functions there are."""
    PowertoolsTelemetry(f"telemetry-{status}", "INFO", stack="prod").answered(
        Answered(
            route="GET /auth/me", status=status, outcome="service_unavailable", reason="Query", request_id="r-1",
            trail=NO_TRAIL,
        )
    )  # fmt: skip

    _, metric = (json.loads(printed) for printed in capsys.readouterr().out.splitlines())
    assert (metric["failed"], metric["service_unavailable"]) == ([1.0], [1.0])
    assert dimensions(metric) == [["service", "stack"], ["stack"]]


def test_a_failure_is_logged_as_an_error_and_counted_for_the_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    PowertoolsTelemetry("telemetry-2", "INFO", stack="prod").failed("BatchGetItem AccessDeniedException", "r-1")

    line, metric = (json.loads(printed) for printed in capsys.readouterr().out.splitlines())
    assert (line["level"], line["reason"]) == ("ERROR", "BatchGetItem AccessDeniedException")
    assert metric["failed"] == [1.0]
    assert dimensions(metric) == [["service", "stack"], ["stack"]]


class Refusing:
    """An import system that has no Powertools."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.partition(".")[0] == "aws_lambda_powertools":
            raise OSError("too many open files: secret-canary")


def test_a_function_that_seldom_logs_loads_powertools_for_its_first_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    for name in [name for name in sys.modules if name.partition(".")[0] == "aws_lambda_powertools"]:
        monkeypatch.delitem(sys.modules, name)

    with pytest.raises(Unavailable):
        PowertoolsTelemetry("telemetry-9", "INFO", stack="prod")
    seldom = PowertoolsTelemetry("telemetry-9", "INFO", stack="prod", seldom=True)
    with pytest.raises(Unavailable) as refused:
        seldom.denied("expired", "r-1")
    assert refused.value.reason == "powertools: OSError"
    assert "canary" not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize("failure", [TokenDead("jti"), RuntimeError("canary")])
def test_an_authorizer_that_cannot_log_fails_closed(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def authorize(_token: str) -> Authorized:
        raise failure

    telemetry = PowertoolsTelemetry("telemetry-10", "INFO", stack="prod", seldom=True)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    for name in [name for name in sys.modules if name.partition(".")[0] == "aws_lambda_powertools"]:
        monkeypatch.delitem(sys.modules, name)
    authorizer = Authorizer(authorize=authorize, telemetry=telemetry)  # type: ignore[arg-type]  # all that it calls

    with pytest.raises(Unavailable) as refused:
        authorizer(sample("authorizer_allowed", authorization="Bearer a.b.c"), None)
    assert "canary" not in "".join(traceback.format_exception(refused.value))
