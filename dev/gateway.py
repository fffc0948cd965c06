"""A local API Gateway: routes, the authorizer, and the answers that the gateway gives by itself. Bare ASGI."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from dev.events import HttpRequest, HttpResponse, authorizer_event, request_event, response_from
from dev.functions import LocalFunction
from dev.routes import DevRoutes
from dev.stack import Cors, Route

MAX_BODY_BYTES = 10 * 1024 * 1024

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The ASGI application. `dev_routes` are the few that only a local server has; `host` is its name and port."""

    functions: Mapping[str, LocalFunction]
    routes: Mapping[tuple[str, str], Route]
    cors: Cors | None
    dev_routes: DevRoutes
    host: str
    now_ms: Callable[[], int]

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        body = await _read(receive)
        if body is None:
            response = _own_answer(413, "Request Entity Too Large")
        else:
            response = await asyncio.to_thread(self._answer_with_cors, _request(scope, body))
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    def _answer_with_cors(self, request: HttpRequest) -> HttpResponse:
        """Do as HTTP APIs do where CORS is configured: answer every preflight, and own the headers of every answer."""
        headers = dict(request.headers)
        origin = headers.get("origin")
        if self.cors is None or origin is None:
            return self._answer(request)
        is_preflight = request.method == "OPTIONS" and "access-control-request-method" in headers
        response = HttpResponse(204, (), b"") if is_preflight else self._answer(request)
        kept = [(name, value) for name, value in response.headers if not name.startswith("access-control-")]
        return HttpResponse(response.status, (*kept, *_cors_headers(self.cors, origin, is_preflight)), response.body)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        dev_route = self.dev_routes.get((request.method, request.path))
        if dev_route is not None:
            if not self._is_from_here(request):
                return _own_answer(403, f"Call this as http://{self.host}{request.path}, not from a web page")
            return _dev_answer(dev_route, request.body)
        route = self.routes.get((request.method, request.path))
        if route is None:
            return _own_answer(404, "Not Found")
        event = request_event(request, route.key, self.now_ms())
        if route.authorizer is not None:
            refusal = self._authorize(route.authorizer, event)
            if refusal is not None:
                return refusal
        try:
            return response_from(self.functions[route.function].invoke(event))
        except Exception as error:  # noqa: BLE001  # the edge: a gateway survives whatever a function does
            return _crashed(route.function, error)

    def _is_from_here(self, request: HttpRequest) -> bool:
        """Tell a developer's own call from one that a web page somewhere makes his browser send."""
        headers = dict(request.headers)
        return (
            headers.get("host") == self.host and headers.get("origin", f"http://{self.host}") == f"http://{self.host}"
        )

    def _authorize(self, authorizer: str, event: dict[str, Any]) -> HttpResponse | None:
        """Ask the authorizer and put its context into `event`, or answer in its place."""
        if not event["headers"].get("authorization"):
            return _own_answer(401, "Unauthorized")  # the identity source is missing: it is not even asked
        try:
            verdict = self.functions[authorizer].invoke(authorizer_event(event))
            is_authorized = verdict["isAuthorized"]
        except Exception as error:  # noqa: BLE001  # the edge, and closed
            return _crashed(authorizer, error)
        if is_authorized is not True:
            return _own_answer(403, "Forbidden")
        event["requestContext"]["authorizer"] = {"lambda": verdict.get("context") or {}}
        return None


async def _read(receive: _Receive) -> bytes | None:
    """Read the whole body, or None if it is longer than the gateway accepts."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            return None
    return body


def _request(scope: _Scope, body: bytes) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
        source_ip=scope["client"][0],
        protocol=f"HTTP/{scope['http_version']}",
    )


def _cors_headers(cors: Cors, origin: str, is_preflight: bool) -> list[tuple[str, str]]:  # noqa: FBT001
    if origin not in cors.origins:
        return []
    headers = [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "Origin"),
    ]
    if is_preflight:
        headers += [
            ("access-control-allow-methods", ",".join(cors.methods)),
            ("access-control-allow-headers", ",".join(cors.headers)),
            ("access-control-max-age", str(cors.max_age)),
        ]
    return headers


def _own_answer(status: int, message: str) -> HttpResponse:
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return HttpResponse(status, (("content-type", "application/json"),), body)


def _crashed(function: str, error: Exception) -> HttpResponse:
    print(f"{function} raised {type(error).__name__}", file=sys.stderr, flush=True)
    return _own_answer(500, "Internal Server Error")


def _dev_answer(route: Callable[[bytes], Any], body: bytes) -> HttpResponse:
    try:
        answer = route(body)
    except ValueError as error:
        return _own_answer(400, str(error))
    return HttpResponse(200, (("content-type", "application/json"),), json.dumps(answer).encode())
