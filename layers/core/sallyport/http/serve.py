"""Serving: one endpoint per route, the one log line of every request, and what an error becomes.

An endpoint is a callable from Request to Response that raises SallyportError.
"""

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from sallyport.edge import reason_of
from sallyport.http.problem import problem
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.telemetry import Answered, Telemetry
from sallyport.values import dataclass

Endpoint: TypeAlias = Callable[[Request], Response]

Admit: TypeAlias = Callable[[Request], Request]
"""Returns a request that may be served, as endpoints see it. Raises SallyportError for any other."""


def anyone(request: Request) -> Request:
    """Admit a request as it came."""
    return request


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints of one function, by route ("POST /auth/login"). They see only requests that `admit` lets in.

    A response whose outcome is in `quiet` writes no log line and is not counted.
    """

    endpoints: Mapping[str, Endpoint]
    telemetry: Telemetry
    admit: Admit
    quiet: Collection[str] = ()

    def __call__(self, request: Request) -> Response:
        """Return what the route's endpoint returns, or the problem that its error is. Raises nothing."""
        reason = ""
        try:
            response = self.endpoints[request.route](self.admit(request))
        except Exception as error:  # noqa: BLE001  # the edge
            response, reason = problem(error, request), reason_of(error)
        if response.outcome in self.quiet:
            return response
        self.telemetry.answered(
            Answered(
                route=request.route,
                status=response.status,
                outcome=response.outcome,
                reason=reason,
                request_id=request.request_id,
                trail=response.trail,
            )
        )
        return response
