"""What every attack promises beside its own answer (docs/attacks.md).

No Allow, no 5xx, one well-formed log line, no secret in it or in the answer, nothing called, nothing changed.
"""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from dev.lambda_host.functions import LocalFunction
from tests.support.deployed import Stack, sample
from tests.support.shapes import STAGES, Event, allowed, asked
from tests.support.wire import Wire

LOOKING_AT_KEYS = frozenset({"Query", "Decrypt"})
"""All that a stranger can cause: a key ring is read again, at most once in ten seconds, and a key opened once."""

READS = LOOKING_AT_KEYS | {"BatchGetItem"}
"""What a token may cause that our own key has signed."""


@dataclass(frozen=True)
class Watch:
    """Holds requests that are worth nothing to what every one of them promises.

    `dialled` lists whom this process has called since the test began, `cloud` is whom it may call.
    """

    stack: Stack
    wire: Wire
    caplog: pytest.LogCaptureFixture
    dialled: Sequence[tuple[str, int]]
    cloud: tuple[str, int]

    @contextmanager
    def quiet(self, *secrets: str, reads: frozenset[str] = LOOKING_AT_KEYS) -> Iterator[list[dict[str, Any]]]:
        """Hold what happens meanwhile to all but the answer. The list holds the log line at the end."""
        self.wire.reset()
        self.caplog.clear()
        lines: list[dict[str, Any]] = []
        yield lines
        written = [_as_written(record) for record in self.caplog.records]
        assert len(written) == 1, written
        lines += [json.loads(line) for line in written]
        shows_none_of(secrets, written[0])
        assert set(self.wire.calls) <= reads
        assert set(self.dialled) <= {self.cloud}

    def denies(
        self, authorization: str, shape: str = "HTTP API 2.0", *, reads: frozenset[str] = LOOKING_AT_KEYS
    ) -> str:
        """Ask the authorizer about a header. Answers the reason that it logs."""
        return self.denies_event(asked(shape, authorization), shape, authorization, reads=reads)

    def denies_event(
        self,
        event: Event,
        shape: str,
        *secrets: str,
        reads: frozenset[str] = LOOKING_AT_KEYS,
        authorizer: LocalFunction | None = None,
    ) -> str:
        with self.quiet(*secrets, reads=reads) as lines:
            answer = (authorizer or self.stack.deployment.functions["Authorizer"]).invoke(event)
        assert not allowed(answer, shape)
        if shape in STAGES:
            assert answer.keys() == {"principalId", "policyDocument"}
            assert answer["principalId"] == "anonymous"
        else:
            assert answer == {"isAuthorized": False}
        assert (lines[0]["message"], lines[0]["level"]) == ("denied", "INFO")
        return str(lines[0]["reason"])

    def refuses_to_refresh(self, token: str) -> str:
        """Present a token to POST /auth/refresh. Answers the reason that is logged."""
        with self.quiet(token) as lines:
            answer = self.stack.refresh(token)
        assert (answer.status, answer.body["code"]) == (401, "invalid_grant")
        shows_none_of([token], str(answer.body))
        return str(lines[0]["reason"])

    def logs_nobody_out(self, *, body: str | None = None, bearer: str | None = None) -> None:
        """Present a token to POST /auth/logout in the body or the header, for one session and for all of them."""
        for everywhere in (False, True):
            sent = {"everywhere": everywhere} if body is None else {"everywhere": everywhere, "refresh_token": body}
            event = sample("logout_ended", body=sent)
            if bearer is not None:
                event["headers"]["authorization"] = f"Bearer {bearer}"
            with self.quiet(body or "", bearer or "") as lines:
                answer = self.stack.call("Logout", event)
            assert (answer.status, answer.body) == (204, {})
            assert lines[0]["outcome"] == "nothing_to_end"


def shows_none_of(secrets: Sequence[str], text: str) -> None:
    """Look for secrets, and for each longer piece of them: half a token is enough to find the other half."""
    for secret in secrets:
        for piece in (secret, *secret.replace(" ", ".").split(".")):
            assert len(piece) < 12 or piece not in text


def _as_written(record: logging.LogRecord) -> str:
    (handler,) = logging.getLogger(record.name).handlers
    return handler.format(record)
