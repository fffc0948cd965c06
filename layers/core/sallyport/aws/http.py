"""HTTP as API Gateway hands it over (payload 2.0), and the answers to it.

An endpoint is a function from Request to Response that raises SallyportError. `serve` turns such functions into a
Lambda handler: it owns the table from error code to status, the headers of every answer and the one log line of every
request.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from sallyport.aws.edge import crash_site
from sallyport.errors import (
    InvalidJson,
    InvalidRequest,
    PayloadTooLarge,
    SallyportError,
    Unavailable,
    UnsupportedMediaType,
)
from sallyport.strict_json import loads
from sallyport.trail import NO_TRAIL, Trail

MAX_BODY_BYTES = 16 * 1024

Event: TypeAlias = Mapping[str, Any]
LambdaHandler: TypeAlias = Callable[[Event, Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    `path` has what stands in the parameters of the route's path. Header names are lower case. `caller` is the
    authorizer's context, empty on a public route.
    """

    route: str
    path: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: tuple[str, ...] = field(repr=False)
    body: str = field(repr=False)
    is_base64: bool
    source_ip: str
    user_agent: str
    caller: Mapping[str, Any]
    request_id: str

    @classmethod
    def from_event(cls, event: Event) -> "Request":
        context = event["requestContext"]
        return cls(
            route=event["routeKey"],
            path=event.get("pathParameters") or {},
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            cookies=tuple(event.get("cookies") or ()),
            body=event.get("body") or "",
            is_base64=event.get("isBase64Encoded", False),
            source_ip=context["http"]["sourceIp"],
            user_agent=context["http"].get("userAgent") or "",
            caller=(context.get("authorizer") or {}).get("lambda") or {},
            request_id=context["requestId"],
        )

    def json_object(self) -> dict[str, Any]:
        """Parse the body, one JSON object of at most 16 KB. No body at all is an empty object."""
        data = self._bytes()
        if not data:
            return {}
        self._require_json()
        try:
            value = loads(data)
        except ValueError:
            raise InvalidJson from None
        if not isinstance(value, dict):
            raise InvalidJson("not_an_object")
        return value

    def _bytes(self) -> bytes:
        if len(self.body) > 2 * MAX_BODY_BYTES:  # base64 of a body at the limit is shorter
            raise PayloadTooLarge
        try:
            data = b64decode(self.body, validate=True) if self.is_base64 else self.body.encode("utf-8")
        except ValueError:
            raise InvalidJson("encoding") from None
        if len(data) > MAX_BODY_BYTES:
            raise PayloadTooLarge
        return data

    def _require_json(self) -> None:
        media_type, *parameters = (part.strip().lower() for part in self.headers.get("content-type", "").split(";"))
        if media_type != "application/json" or any(p not in ("charset=utf-8", 'charset="utf-8"') for p in parameters):
            raise UnsupportedMediaType
        if self.headers.get("content-encoding", "identity") != "identity":
            raise UnsupportedMediaType("content_encoding")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. `outcome` is the word for the log and the metric."""

    status: int
    outcome: str
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    trail: Trail = NO_TRAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the one log line of a request says. `outcome`, and each word of the trail, is counted, too."""

    route: str
    status: int
    outcome: str
    reason: str
    request_id: str
    trail: Trail


class Telemetry(Protocol):
    """Logs and counts."""

    def answered(self, answered: Answered) -> None:
        """Write the one log line of a request, and count its outcome."""
        ...


Endpoint: TypeAlias = Callable[[Request], Response]

_NO_STORE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

_PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "invalid_json": (400, "Bad Request", "The body must be one JSON object in UTF-8, without duplicate names."),
    "invalid_request": (400, "Bad Request", "A field is missing or wrong; see errors."),
    "unknown_field": (400, "Bad Request", "The body has a field that this endpoint does not know; see errors."),
    "payload_too_large": (413, "Content Too Large", "The body may have 16 KB at most."),
    "unsupported_media_type": (415, "Unsupported Media Type", "Send application/json in UTF-8, uncompressed."),
    "ambiguous_credentials": (
        400,
        "Bad Request",
        "Send one credential: the cookie, or a token in the body, or a Bearer.",
    ),
    "csrf_rejected": (
        403,
        "Forbidden",
        "With a cookie, send X-Sallyport-CSRF: 1 from an allowed Origin.",
    ),
    "invalid_credentials": (401, "Unauthorized", "The e-mail address or the password is wrong."),
    "invalid_grant": (401, "Unauthorized", "The refresh token is invalid, expired or revoked. Log in again."),
    "invalid_token": (401, "Unauthorized", "The access token is invalid, expired or revoked."),
    "superseded": (409, "Conflict", "This refresh token was just replaced. Use the newer one that you hold."),
    "service_unavailable": (503, "Service Unavailable", "A part of the service is not available. Try again."),
    "internal_error": (500, "Internal Server Error", "Something went wrong on our side."),
}


def serve(endpoints: Mapping[str, Endpoint], telemetry: Telemetry) -> LambdaHandler:
    """Make the Lambda handler that serves `endpoints`, by route key ("POST /auth/login")."""

    def handler(event: Event, _context: Any) -> dict[str, Any]:
        request = Request.from_event(event)
        reason = ""
        try:
            response = endpoints[request.route](request)
        except SallyportError as error:
            response, reason = _problem(error, request), error.reason
        except Exception as error:  # noqa: BLE001  # the edge
            response, reason = _problem_response("internal_error", request, {}), crash_site(error)
        telemetry.answered(
            Answered(
                route=request.route,
                status=response.status,
                outcome=response.outcome,
                reason=reason,
                request_id=request.request_id,
                trail=response.trail,
            )
        )
        return _payload(response)

    return handler


def _problem(error: SallyportError, request: Request) -> Response:
    more: dict[str, Any] = {}
    if isinstance(error, InvalidRequest):
        more["errors"] = [{"field": e.field, "code": e.code, "detail": e.detail} for e in error.errors]
    if isinstance(error, Unavailable):
        more["retry_after"] = error.retry_after
    return replace(_problem_response(error.code, request, more), outcome=error.outcome, trail=error.trail)


def _problem_response(code: str, request: Request, more: Mapping[str, Any]) -> Response:
    """Describe an error (RFC 9457)."""
    status, title, detail = _PROBLEMS[code]
    headers = {"content-type": "application/problem+json"}
    if status == 401:
        headers["www-authenticate"] = "Bearer"  # RFC 9110 s15.5.2
    if "retry_after" in more:
        headers["retry-after"] = str(more["retry_after"])
    problem = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **more,
        "request_id": request.request_id,
    }
    return Response(status, code, problem, headers)


def _payload(response: Response) -> dict[str, Any]:
    payload: dict[str, Any] = {"statusCode": response.status, "headers": {**_NO_STORE, **response.headers}}
    if response.cookies:
        payload["cookies"] = list(response.cookies)
    if response.body is not None:
        payload["headers"].setdefault("content-type", "application/json")
        payload["body"] = json.dumps(response.body)
    return payload
