"""CORS as HTTP APIs do it: the gateway answers every preflight, and sets the CORS headers of every response."""

from collections.abc import Callable

from dev.gateway.events import HttpRequest, HttpResponse
from dev.sam.template import Cors


def with_cors(
    cors: Cors | None,
    request: HttpRequest,
    answer: Callable[[HttpRequest], HttpResponse],
    *,
    preflight_asks: bool = False,
) -> HttpResponse:
    """Return the response to a preflight, or that of `answer` with the CORS headers replaced by the gateway's.

    With `preflight_asks` a preflight goes to `answer`, too, because its route asks an authorizer.
    """
    headers = dict(request.headers)
    origin = headers.get("origin")
    if cors is None or origin is None:
        return answer(request)
    is_preflight = request.method == "OPTIONS" and "access-control-request-method" in headers
    response = HttpResponse(204, (), b"") if is_preflight and not preflight_asks else answer(request)
    kept = [(name, value) for name, value in response.headers if not name.startswith("access-control-")]
    told = _told(cors, origin) + (_told_before(cors) if is_preflight else [])
    is_allowed = origin in cors.origins or "*" in cors.origins
    return HttpResponse(response.status, (*kept, *(told if is_allowed else ())), response.body)


def _told(cors: Cors, origin: str) -> list[tuple[str, str]]:
    if "*" in cors.origins:
        return [("access-control-allow-origin", "*")]
    credentials = [("access-control-allow-credentials", "true")] if cors.credentials else []
    return [("access-control-allow-origin", origin), *credentials, ("vary", "Origin")]


def _told_before(cors: Cors) -> list[tuple[str, str]]:
    told = [
        ("access-control-allow-methods", ",".join(cors.methods)),
        ("access-control-allow-headers", ",".join(cors.headers)),
        ("access-control-max-age", str(cors.max_age or "")),
    ]
    return [(name, value) for name, value in told if value]
