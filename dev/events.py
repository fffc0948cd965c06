"""API Gateway's payload format 2.0: the event that a function gets, and the answer that it may give."""

import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from dev.stack import ACCOUNT

_API_ID = "local"
_TEXT_TYPES = ("text/", "application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came over the wire."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    protocol: str


@dataclass(frozen=True)
class HttpResponse:
    """An answer to put on the wire."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def request_event(request: HttpRequest, route_key: str, now_ms: int) -> dict[str, Any]:
    """Build the event for a route. Repeated headers are joined with a comma, as HTTP APIs do."""
    headers: dict[str, str] = {}
    for name, value in request.headers:
        if name != "cookie":
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    cookies = [c.strip() for name, value in request.headers if name == "cookie" for c in value.split(";")]
    host = headers.get("host", "")
    query: dict[str, str] = {}
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        query[name] = f"{query[name]},{value}" if name in query else value
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
            "requestId": str(uuid.uuid4()),
            "routeKey": route_key,
            "stage": "$default",
            "time": datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": now_ms,
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if query:
        event["queryStringParameters"] = query
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, headers.get("content-type", ""))
    return event


def authorizer_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Build the authorizer's event from the one that its route will get. There is no body in it."""
    return {
        **{name: value for name, value in event.items() if name not in ("body", "isBase64Encoded")},
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{_API_ID}/$default/{event['routeKey'].replace(' ', '')}",
        "identitySource": [event["headers"]["authorization"]],
    }


def response_from(answer: Any) -> HttpResponse:
    """Read a function's answer. Without a statusCode the whole answer is the body. Raises ValueError or TypeError."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return HttpResponse(200, (("content-type", "application/json"),), json.dumps(answer).encode())
    body = answer.get("body") or ""
    headers = [(name.lower(), str(value)) for name, value in answer.get("headers", {}).items()]
    headers += [("set-cookie", cookie) for cookie in answer.get("cookies", ())]
    if body and "content-type" not in dict(headers):
        headers.append(("content-type", "text/plain"))
    data = b64decode(body) if answer.get("isBase64Encoded") else body.encode()
    return HttpResponse(int(answer["statusCode"]), tuple(headers), data)


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    if content_type.startswith(_TEXT_TYPES):
        try:
            return body.decode("utf-8"), False
        except UnicodeDecodeError:
            pass
    return b64encode(body).decode(), True
