"""Serving: one endpoint per route, the one log line of every request, and what an error becomes.

An endpoint is a callable from Request to Response that raises SallyportError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sallyport.edge import crash_site
from sallyport.errors import SallyportError
from sallyport.http.problem import problem, problem_of_code
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.trail import Trail

Endpoint: TypeAlias = Callable[[Request], Response]


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


@dataclass(frozen=True, slots=True)
class Api:
    """The endpoints of one function, by route ("POST /auth/login")."""

    endpoints: Mapping[str, Endpoint]
    telemetry: Telemetry

    def __call__(self, request: Request) -> Response:
        """Return what the route's endpoint returns, or the problem that its error is. Raises nothing."""
        reason = ""
        try:
            response = self.endpoints[request.route](request)
        except SallyportError as error:
            response, reason = problem(error, request), error.reason
        except Exception as error:  # noqa: BLE001  # the edge
            response, reason = problem_of_code("internal_error", request, {}), crash_site(error)
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
