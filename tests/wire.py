"""The wire between Sallyport and its cloud: it notes every call, and it can be cut."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from dev.cloud import WsgiApp, WsgiEnviron


class Wire:
    """Middleware for the embedded cloud. Operations are named as AWS names them: `GetItem`, `Decrypt`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.calls: list[str] = []
        self._refused: set[str] = set()

    def refuse(self, *operations: str) -> None:
        """Answer these operations with an error that no client retries."""
        self._refused.update(operations)

    def __call__(self, app: WsgiApp) -> WsgiApp:
        def noted(environ: WsgiEnviron, start_response: Callable[..., Any]) -> Iterable[bytes]:
            operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
            self.calls.append(operation)
            if operation in self._refused:
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response("400 Bad Request", [("content-type", "application/x-amz-json-1.0")])
                return [json.dumps({"__type": "AccessDeniedException", "message": "refused by a test"}).encode()]
            return app(environ, start_response)

        return noted
