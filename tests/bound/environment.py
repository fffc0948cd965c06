"""A machine with an environment of the authorizer for every mode: a process of its own, with a clock that it is told.

It reads one JSON line for each order and writes one for the answers. Times are true ones in milliseconds; the machine's
own clock is off by what it is told.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ROOT, FunctionSpec
from sallyport.aws.authorizer.handler import AuthorizerUnavailable
from tests.support.aws_answers import aws_answer
from tests.support.deployed import sample
from tests.support.heard import heard_by
from tests.support.stopped_time import StoppedTime, Time

MODES = {
    "stateless": {"REVOCATION_MODE": "stateless"},
    "bounded": {"REVOCATION_MODE": "bounded"},
    "bounded, with roles": {"REVOCATION_MODE": "bounded", "CONTEXT_ROLES": "true"},
    "strict": {"REVOCATION_MODE": "strict"},
}

_EVENT = sample("authorizer_allowed")
_LONG_AGO = -(10**9)
_ABOUT = re.compile(rb'"(?:PK|:pk)": ?\{"S": ?"(REVOKED#[0-9]+|[A-Z]+)')
_REFUSAL = b'{"__type": "AccessDeniedException", "message": "by a test"}'


@dataclass(frozen=True)
class Order:
    """What a machine is to do: `asks` are (when, mode, access token), and none begins at `until` or later.

    Its clock is `offset` ahead. `cold` are the modes whose environment is a new one. Calls to the table whose names
    begin with `refused` fail, all take `slow`.
    """

    offset: int
    until: int
    cold: list[str] = field(default_factory=list)
    refused: str | None = None
    slow: int = 0
    asks: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Answered:
    """What became of an ask: `allow`, `deny` or `raise`, when it began, the roles in the context, the calls it took.

    `refused_ago`: for how long, when it ended, no call of this environment had been refused.
    """

    began: int
    verdict: str
    roles: str
    calls: list[str]
    refused_ago: int


class Machine:
    """The environments, their clock, and the wire to the table."""

    def __init__(self) -> None:
        self._environments: dict[str, LocalFunction] = {}
        self._refused_at: dict[str, int] = {}
        self._time = Time(0)
        self._order = Order(offset=0, until=0)
        self._mode = ""
        self._calls: list[str] = []

    def serve(self) -> Iterator[list[dict[str, Any]]]:
        with StoppedTime(self._time).installed():
            for line in sys.stdin:
                yield [asdict(answered) for answered in self._obey(Order(**json.loads(line)))]

    def _obey(self, order: Order) -> Iterator[Answered]:
        now = self._true_now()
        self._order = order
        for mode in order.cold:
            self._environments.pop(mode, None)
        for at, mode, token in order.asks:
            now = max(now, at)
            if now >= order.until:
                break
            self._time.now_ms = now + order.offset
            yield self._ask(now, mode, token)
            now = self._true_now()
        self._time.now_ms = now + order.offset

    def _true_now(self) -> int:
        return self._time.now_ms - self._order.offset

    def _ask(self, now: int, mode: str, token: str) -> Answered:
        if mode not in self._environments:
            self._refused_at[mode] = _LONG_AGO
            self._environments[mode] = _start(mode)
        self._mode, self._calls = mode, []
        verdict, roles = _authorize(self._environments[mode], token)
        return Answered(now, verdict, roles, self._calls, now - self._refused_at[mode])

    def before_send(self, request: AWSPreparedRequest, event_name: str, **_: object) -> AWSResponse | None:
        assert isinstance(request.body, bytes)
        about = "+".join(dict.fromkeys(found.decode() for found in _ABOUT.findall(request.body)))
        call = f"{event_name.rpartition('.')[2]} {about}"
        self._calls.append(call)
        began = self._true_now()
        self._time.now_ms += self._order.slow
        if self._order.refused is None or not call.startswith(self._order.refused):
            return None
        self._refused_at[self._mode] = began
        return aws_answer(request, 400, HTTPHeaders(), _REFUSAL)


def _start(mode: str) -> LocalFunction:
    return LocalFunction(
        FunctionSpec("Authorizer", ROOT / "functions/authorizer", {**os.environ, **MODES[mode]}, timeout=600)
    )


def _authorize(function: LocalFunction, token: str) -> tuple[str, str]:
    try:
        answer = function.invoke({**_EVENT, "headers": {"authorization": f"Bearer {token}"}})
    except AuthorizerUnavailable:
        return "raise", ""
    return ("allow", answer["context"]["roles"]) if answer["isAuthorized"] else ("deny", "")


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the functions log to
    machine = Machine()
    with heard_by(machine.before_send):
        for answered in machine.serve():
            print(json.dumps(answered), file=answers)


if __name__ == "__main__":
    main()
