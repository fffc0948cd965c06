"""The wire between Sallyport and its cloud: it notes every call, and it can be cut."""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from dev.aws.cloud import WsgiApp, WsgiEnviron

_REFUSAL = {"__type": "AccessDeniedException"}
_CONFLICTS: dict[str, dict[str, Any]] = {
    "UpdateItem": {"__type": "TransactionConflictException"},
    "TransactWriteItems": {
        "__type": "TransactionCanceledException",
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
    },
}


@dataclass(frozen=True)
class Exchange:
    """A call to the cloud and its answer, as JSON."""

    operation: str
    asked: bytes
    answered: bytes


class Wire:
    """Middleware for the embedded cloud. Operations are named as AWS names them: `GetItem`, `Decrypt`.

    `exchanges` are the last calls that reached the cloud.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: list[str] = []
        self.exchanges: deque[Exchange] = deque(maxlen=100)
        self._refused: dict[str, tuple[bytes, str]] = {}
        self._lost: set[str] = set()
        self._conflicts: Counter[str] = Counter()

    def refuse(self, *operations: str, about: str = "", word: str = "AccessDeniedException") -> None:
        """Answer these operations with an error that no client retries, if what they say has `about` in it."""
        self._refused |= dict.fromkeys(operations, (about.encode(), word))

    def lose_answers(self, *operations: str) -> None:
        """Do as these operations say, and answer with an error that no client retries."""
        self._lost.update(operations)

    def conflict(self, operation: str, *, times: int) -> None:
        """Let another transaction be in the way of an operation, so many times."""
        self._conflicts[operation] = times

    def __call__(self, app: WsgiApp) -> WsgiApp:
        def noted(environ: WsgiEnviron, start_response: Callable[..., Any]) -> Iterable[bytes]:
            operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
            self.calls.append(operation)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = BytesIO(body)
            error = self._error(operation, body)
            if operation in self._lost:
                error = _REFUSAL
                list(app(environ, lambda *_: None))
            elif error is None:
                answered = list(app(environ, start_response))
                self.exchanges.append(Exchange(operation, body, b"".join(answered)))
                return answered
            start_response("400 Bad Request", [("content-type", "application/x-amz-json-1.0")])
            return [json.dumps({"message": "by a test", **error}).encode()]

        return noted

    def _error(self, operation: str, body: bytes) -> dict[str, Any] | None:
        about, word = self._refused.get(operation, (b"", ""))
        if word and about in body:
            return {"__type": word}
        if self._conflicts[operation] > 0:
            self._conflicts[operation] -= 1
            return _CONFLICTS[operation]
        return None
