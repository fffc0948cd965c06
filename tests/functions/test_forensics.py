"""What a request leaves behind: one log line, a count of each word, an event for a replay. Never a session id."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sallyport.accounts.user import User
from sallyport.aws.telemetry import digest
from tests.support.builders import DAY
from tests.support.deployed import Answer, Stack
from tests.support.wire import Wire


@pytest.fixture(autouse=True)
def _metrics_are_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)


class Log:
    """What the functions log and count."""

    def __init__(self, lines: pytest.LogCaptureFixture, printed: pytest.CaptureFixture[str]) -> None:
        self._lines = lines
        self._printed = printed

    def forget(self) -> None:
        self._lines.clear()
        self._printed.readouterr()

    def of_one_request(self) -> tuple[dict[str, Any], dict[str, float]]:
        """The one line of the one request since the last look, and its counts."""
        (record,) = self._lines.records
        (printed,) = (text for text in self._printed.readouterr().out.splitlines() if '"_aws"' in text)
        self.forget()
        metric = json.loads(printed)
        names = [counted["Name"] for counted in metric["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
        line = vars(record)
        assert sorted(names) == sorted({line["outcome"], *line.get("also", ())})
        return line, {name: metric[name][0] for name in names}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Log:
    return Log(caplog, capsys)


def late(stack: Stack) -> None:
    stack.clock.advance(60)


def a_replayed_token(stack: Stack, user: User) -> str:
    """A token that its owner has long left behind: presented now, it is a replay."""
    first: str = stack.log_in(user).body["refresh_token"]
    late(stack)
    second = stack.refresh(first).body["refresh_token"]
    late(stack)
    stack.refresh(second)
    late(stack)
    return first


def test_every_outcome_of_a_session_is_one_line_with_its_digest_and_a_count(stack: Stack, user: User, log: Log) -> None:
    login = stack.log_in(user)
    sid = login.body["session_id"]
    named = digest(sid)

    def seen() -> dict[str, float]:
        line, counts = log.of_one_request()
        assert line["session"] == named
        assert sid not in repr(line)
        return counts

    assert seen() == {"logged_in": 1}
    first = login.body["refresh_token"]
    stack.refresh(first)
    assert seen() == {"converged": 1}
    late(stack)
    used = stack.refresh(first).body["refresh_token"]
    assert seen() == {"rotated": 1}
    skipped = stack.refresh(first).body["refresh_token"]
    assert seen() == {"recovered": 1}
    late(stack)
    newest = stack.refresh(used).body["refresh_token"]
    assert seen() == {"rotated": 1, "sibling_skipped": 1}
    stack.refresh(skipped)
    assert seen() == {"superseded": 1}
    late(stack)
    stack.refresh(skipped)
    assert seen() == {"replayed": 1}
    stack.refresh(newest)
    assert seen() == {"revoked": 1}
    stack.log_out(refresh_token=newest)
    assert seen() == {"nothing_to_end": 1}


def test_a_generation_that_was_never_issued_is_counted_as_forged(stack: Stack, user: User, log: Log) -> None:
    login = stack.log_in(user)
    (session,) = stack.sessions.of_user(user.user_id)
    late(stack)
    newer = stack.refresh(login.body["refresh_token"]).body["refresh_token"]
    stack.keep(session)  # a table put back to an older state
    log.forget()

    stack.refresh(newer)

    assert log.of_one_request()[1] == {"forged": 1}
    assert stack.sessions.of_user(user.user_id) == [session]


@pytest.mark.parametrize("is_idle", [True, False])
def test_an_end_is_counted_as_expired(stack: Stack, user: User, log: Log, is_idle: bool) -> None:
    token = stack.log_in(user).body["refresh_token"]
    (session,) = stack.sessions.of_user(user.user_id)
    if is_idle:
        stack.keep(replace(session, idle_expires_at=stack.now))
    else:
        stack.clock.advance(30 * DAY)
    log.forget()

    stack.refresh(token)

    assert log.of_one_request()[1] == {"expired": 1}


def test_a_replay_is_counted_once_and_calls_nothing_but_the_table(
    stack: Stack, user: User, wire: Wire, log: Log
) -> None:
    token = a_replayed_token(stack, user)
    log.forget()
    wire.reset()

    refused(stack.refresh(token))

    assert log.of_one_request()[1] == {"replayed": 1}
    assert [call for call in wire.calls if call not in ("Query", "Decrypt")] == ["BatchGetItem", "TransactWriteItems"]
    refused(stack.refresh(token))
    assert log.of_one_request()[1] == {"revoked": 1}


def refused(answer: Answer) -> None:
    assert (answer.status, answer.body["code"]) == (401, "invalid_grant")
