"""The wire: HTTP by bare ASGI, which keeps raw paths and repeated headers as they came."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from dev.gateway.events import HttpRequest, HttpResponse

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Application:
    """Gives each request to `answer`, in a thread. Stops reading a body one chunk after `most` bytes."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponse], *, most: int) -> None:
        self._answer = answer
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        request = _request(scope, await self._body(receive))
        response = await asyncio.to_thread(self._answer, request)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": response.body})

    async def _body(self, receive: Receive) -> bytes:
        body, more = b"", True
        while more and len(body) <= self._most:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return body


def _request(scope: Scope, body: bytes) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        target=(scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")).decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
        source_ip=scope["client"][0],
        protocol=f"HTTP/{scope['http_version']}",
    )
