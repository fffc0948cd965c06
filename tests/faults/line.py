"""The line between botocore and the cloud, where calls fail: below botocore's retries, which happen for real."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

Rival: TypeAlias = Callable[[], object]

_SUBJECTS = re.compile(rb'"(?:PK|:pk)": ?\{"S": ?"([A-Z]+)')


@dataclass(frozen=True)
class Fault:
    """A way for a call to fail.

    `committed`: what was asked for has been done, and only the answer is lost. `only`: the operation that can fail so.
    `retried`: botocore tries again. `absorbed`: botocore does not, and we do. `understood`: where the answer holds
    nothing that we need, nobody minds what stands in it.
    """

    name: str
    answer: Callable[[AWSPreparedRequest], AWSResponse]
    committed: bool = False
    only: str = ""
    retried: bool = True
    absorbed: bool = False
    understood: bool = False

    def can_meet(self, call: str) -> bool:
        return call.partition(" ")[0] == self.only if self.only else True


class Line:
    """Hears every attempt of every call between `listen` and `hang_up`, and lets one call fail.

    A call is named by its operation and what it is about: `Query SESSIONS`, `SendMessage notice`. `attempts` counts how
    often each was tried.
    """

    def __init__(self) -> None:
        self._session = URLLib3Session()
        self.hang_up()
        self.listen()
        self.hang_up()

    def listen(self, rival: tuple[str, Rival] | None = None) -> None:
        """Begin to count. The `rival` acts just before the first call of the operation that is named with the rival."""
        self.calls: list[str] = []
        self.attempts: list[int] = []
        self._known: dict[str, int] = {}
        self._fault: Fault | None = None
        self._rival = rival
        self._is_listening = True

    def fail(self, nth: int, fault: Fault, *, times: int = 99, following: bool = False) -> None:
        """Let the first `times` attempts of the `nth` call fail; with `following`, those of all later calls too."""
        self._nth, self._fault, self._times, self._following = nth, fault, times, following

    def hang_up(self) -> None:
        self._is_listening = False

    def before_send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse | None:
        """Answer in the cloud's place, raise, or let the request pass (None): a handler of botocore's `before-send`."""
        if not self._is_listening:
            return None
        index = self._heard(request, event_name.rpartition(".")[2])
        fault = self._fault
        is_meant = index >= self._nth if fault and self._following else fault and index == self._nth
        if fault is None or not is_meant or self.attempts[index] > self._times:
            return None
        if fault.committed:
            self._session.send(request)
        return fault.answer(request)

    def _heard(self, request: AWSPreparedRequest, operation: str) -> int:
        """Count an attempt; answers the number of its call."""
        if self._rival is not None and self._rival[0] == operation:
            self._let_the_rival_act(self._rival[1])
        invocation = str(request.headers["amz-sdk-invocation-id"])  # the same for every attempt of a call
        if invocation not in self._known:
            self._known[invocation] = len(self.calls)
            self.calls.append(f"{operation} {_subject(request)}")
            self.attempts.append(0)
        index = self._known[invocation]
        self.attempts[index] += 1
        return index

    def _let_the_rival_act(self, act: Rival) -> None:
        self._rival = None
        self._is_listening = False
        act()
        self._is_listening = True


def body_of(request: AWSPreparedRequest) -> bytes:
    assert isinstance(request.body, bytes)
    return request.body


def _subject(request: AWSPreparedRequest) -> str:
    body = body_of(request)
    if b"MessageBody" in body:
        return "request" if rb"\"purpose\"" in body else "notice"
    return "+".join(dict.fromkeys(found.decode() for found in _SUBJECTS.findall(body)))
