"""API Gateway's payload format 2.0: the event that a function gets, and the response that it may return."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from dev.sam.template import ACCOUNT, REGION

_API_ID = "local"
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came over the wire: `target` is path and query, undecoded (RFC 9112 s3.2)."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    protocol: str

    @property
    def path(self) -> str:
        """The path as HTTP APIs see it: decoded."""
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def head_bytes(self) -> int:
        """The size of the request line and of all header lines."""
        request_line = f"{self.method} {self.target} {self.protocol}"
        return len(request_line) + sum(len(f"{name}: {value}\r\n") for name, value in self.headers)


@dataclass(frozen=True)
class HttpResponse:
    """A response to send."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def request_event(
    request: HttpRequest, route_key: str, request_id: str, now_ms: int, parameters: Mapping[str, str]
) -> dict[str, Any]:
    """Build the event for a route. Repeated headers and parameters are joined with a comma, as HTTP APIs do."""
    headers = _joined([*((name, value) for name, value in request.headers if name != "cookie"), *_forwarded(request)])
    cookies = [c.strip() for name, value in request.headers if name == "cookie" for c in value.split(";")]
    host = headers.get("host", "")
    query = _joined(parse_qsl(request.query, keep_blank_values=True))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": _API_ID,
            "domainName": host,
            "domainPrefix": host.split(".")[0],
            "http": {
                "method": request.method,
                "path": request.path,
                "protocol": request.protocol,
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": now_ms,
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if parameters:
        event["pathParameters"] = dict(parameters)
    if query:
        event["queryStringParameters"] = query
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    return event


def authorizer_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Build the authorizer's event from the one that its route will get. There is no body in it."""
    called = event["requestContext"]["http"]
    return {
        **{name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")},
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{_API_ID}/$default/{called['method']}{called['path']}",
        "identitySource": [event["headers"]["authorization"]],
    }


def response_from(answer: Any) -> HttpResponse:
    """Read what a function returned. Without a statusCode all of it is the body. Raises ValueError or TypeError."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return HttpResponse(200, (("content-type", "application/json"),), json.dumps(answer).encode())
    body = answer.get("body") or ""
    headers = [(name.lower(), str(value)) for name, value in answer.get("headers", {}).items()]
    headers += [("set-cookie", cookie) for cookie in answer.get("cookies", ())]
    if not all(value.isascii() and value.isprintable() for _, value in headers):
        raise ValueError("a header that does not fit on one line")
    if body and "content-type" not in dict(headers):
        headers.append(("content-type", "text/plain"))
    data = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return HttpResponse(int(answer["statusCode"]), tuple(headers), data)


def own_answer(status: int, message: str) -> HttpResponse:
    """Return a response that the gateway gives by itself, without a function."""
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return HttpResponse(status, (("content-type", "application/json"),), body)


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _forwarded(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what the gateway says of the connection, after whatever X-Forwarded-For the client made up."""
    port = dict(request.headers).get("host", "").partition(":")[2] or "80"
    return [
        ("x-forwarded-for", request.source_ip), ("x-forwarded-port", port), ("x-forwarded-proto", "http")
    ]  # fmt: skip


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if content_type.startswith(_TEXT_TYPES):
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return b64encode(body).decode(), True
