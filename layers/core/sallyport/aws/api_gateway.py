"""API Gateway's events (HTTP API, payload 2.0) as requests, and responses as it takes them."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from sallyport.aws.event import Event
from sallyport.edge import reported
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.http.serve import Api
from sallyport.values import dataclass

_NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@dataclass(frozen=True, slots=True)
class HttpApiHandler:
    """The handler of a function behind an HTTP API."""

    api: Api

    def __call__(self, event: Event, _context: Any) -> dict[str, Any]:
        """Return the response to an event, as API Gateway takes it. Raises for what is no event of an HTTP API."""
        with reported(self.api.telemetry.failed):
            request = request_from(event)
        return payload(self.api(request))


def request_from(event: Event) -> Request:
    """Read an event."""
    context = event["requestContext"]
    return Request(
        route=event["routeKey"],
        path=event.get("pathParameters") or {},
        query=parse_qs(event.get("rawQueryString") or "", keep_blank_values=True),
        headers=_by_lower_name(event.get("headers") or {}),
        cookies=tuple(event.get("cookies") or ()),
        body=_body(event.get("body") or "", is_base64=event.get("isBase64Encoded", False)),
        source_ip=context["http"]["sourceIp"],
        user_agent=context["http"].get("userAgent") or "",
        caller=(context.get("authorizer") or {}).get("lambda") or {},
        request_id=context["requestId"],
    )


def payload(response: Response) -> dict[str, Any]:
    """Return a response as the gateway takes it. Nothing is stored by a cache unless an endpoint allows it."""
    made: dict[str, Any] = {"statusCode": response.status, "headers": {**_NO_STORE, **response.headers}}
    if response.cookies:
        made["cookies"] = list(response.cookies)
    match response.body:
        case None:
            return made
        case bytes(data):
            return {**made, "body": b64encode(data).decode(), "isBase64Encoded": True}
        case members:
            made["headers"].setdefault("content-type", "application/json")
            return {**made, "body": json.dumps(members)}


def _body(text: str, *, is_base64: bool) -> bytes | None:
    try:
        return b64decode(text, validate=True) if is_base64 else text.encode("utf-8")
    except ValueError:
        return None


def _by_lower_name(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers by their names in lower case. Two spellings of one name are joined, as API Gateway joins them."""
    joined: dict[str, str] = {}
    for spelled, value in headers.items():
        name = spelled.lower()
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined
