"""A local API Gateway (HTTP API): routes, the authorizer, and the responses that the gateway gives by itself.

docs/gateway.md lists what AWS does not document and is assumed here.
"""

import json
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dev.gateway.cors import with_cors
from dev.gateway.doors import is_of_another_origin
from dev.gateway.events import HttpRequest, HttpResponse, authorizer_event, own_answer, request_event, response_from
from dev.gateway.matching import Match, best_match, fits
from dev.gateway.routes import DevRoutes
from dev.lambda_host.functions import GaveUpError
from dev.sam.template import Cors, Routes

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_HEAD_BYTES = 10_240
INTEGRATION_SECONDS = 30
AUTHORIZER_SECONDS = 10


class Function(Protocol):
    """A Lambda function."""

    def invoke(self, event: Mapping[str, Any], *, patience: float) -> Any:
        """Run it. Raises whatever it raises, and GaveUpError after `patience` seconds."""
        ...


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """The API. `dev_routes` are the few that only a local server has; `hosts` are its names, each with its port.

    `scheme` is `https` where the connection is encrypted.
    """

    functions: Mapping[str, Function]
    routes: Routes
    cors: Cors | None
    dev_routes: DevRoutes
    hosts: tuple[str, ...]
    now_ms: Callable[[], int]
    scheme: str = "http"

    def answer(self, request: HttpRequest) -> HttpResponse:
        request_id = str(uuid.uuid4())
        met = best_match(self.routes, request.method, request.path)
        response = with_cors(
            self.cors,
            request,
            lambda request: self._answer(request, request_id),
            preflight_asks=met is not None and met.route.authorizer is not None,
        )
        return HttpResponse(response.status, (*response.headers, ("apigw-requestid", request_id)), response.body)

    def has(self, path: str) -> bool:
        """Return whether this API has a route of any method for a path."""
        return any(fits(template, path) for _, template in self.routes) or any(path == p for _, p in self.dev_routes)

    def _answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        if request.head_bytes > MAX_HEAD_BYTES:
            return own_answer(431, "Request Header Fields Too Large")
        if len(request.body) > MAX_BODY_BYTES:
            return own_answer(413, "Request Entity Too Large")
        called = request.method, request.path
        if called in self.dev_routes:
            return self._dev_answer(self.dev_routes[called], request)
        match = best_match(self.routes, request.method, request.path)
        return self._answer_of(match, request, request_id) if match else own_answer(404, "Not Found")

    def _answer_of(self, match: Match, request: HttpRequest, request_id: str) -> HttpResponse:
        route = match.route
        event = request_event(request, route.key, request_id, self.now_ms(), match.parameters)
        if route.authorizer is not None:
            refusal = self._authorize(route.authorizer, event)
            if refusal is not None:
                return refusal
        try:
            return response_from(self.functions[route.function].invoke(event, patience=INTEGRATION_SECONDS))
        except GaveUpError:
            return own_answer(503, "Service Unavailable")
        except Exception as error:  # noqa: BLE001  # the edge: a gateway survives whatever a function does
            return _crashed(route.function, error)

    def _dev_answer(self, route: Callable[[bytes], Any], request: HttpRequest) -> HttpResponse:
        if is_of_another_origin(request.headers, self.hosts, scheme=self.scheme):
            own = f"{self.scheme}://{self.hosts[0]}{request.path}"
            return own_answer(403, f"Call this as {own}, not from a web page")
        try:
            answer = route(request.body)
        except ValueError as error:
            return own_answer(400, str(error))
        if isinstance(answer, HttpResponse):
            return answer
        return HttpResponse(200, (("content-type", "application/json"),), json.dumps(answer).encode())

    def _authorize(self, authorizer: str, event: dict[str, Any]) -> HttpResponse | None:
        """Ask the authorizer and put its context into `event`. Return a refusal, or None if the caller may pass."""
        if not event["headers"].get("authorization"):
            return own_answer(401, "Unauthorized")  # the identity source is missing: it is not even asked
        try:
            verdict = self.functions[authorizer].invoke(authorizer_event(event), patience=AUTHORIZER_SECONDS)
            is_authorized = verdict["isAuthorized"]
        except Exception as error:  # noqa: BLE001  # the edge, and closed
            return _crashed(authorizer, error)
        if is_authorized is not True:
            return own_answer(403, "Forbidden")
        event["requestContext"]["authorizer"] = {"lambda": verdict.get("context") or {}}
        return None


def side_by_side(*apis: Gateway) -> Callable[[HttpRequest], HttpResponse]:
    """Serve APIs at one address. A request goes to the first that has its path, or else to the last."""
    return lambda request: next((api for api in apis if api.has(request.path)), apis[-1]).answer(request)


def _crashed(function: str, error: Exception) -> HttpResponse:
    print(f"{function} raised {type(error).__name__}", file=sys.stderr, flush=True)
    return own_answer(500, "Internal Server Error")
