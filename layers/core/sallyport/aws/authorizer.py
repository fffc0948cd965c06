"""The authorizer's event and answer: HTTP API, payload 2.0, simple responses."""

from collections.abc import Callable
from typing import Any, Protocol

from sallyport.aws.bearer import bearer_token
from sallyport.aws.http import Event, LambdaHandler, where
from sallyport.errors import InvalidToken, Unavailable
from sallyport.revocation.authorize import Authorized


class AuthorizerUnavailable(Exception):
    """The authorizer cannot decide. Raised to the gateway, which answers 500: it fails closed."""


class Telemetry(Protocol):
    """Logs and counts."""

    def denied(self, reason: str, request_id: str) -> None: ...

    def failed(self, reason: str, request_id: str) -> None: ...


def answer(authorize: Callable[[str], Authorized], telemetry: Telemetry) -> LambdaHandler:
    """Make the Lambda handler. A bad token is denied. Whatever else goes wrong raises, so that it allows nothing."""

    def handler(event: Event, _context: Any) -> dict[str, Any]:
        request_id = ""
        try:
            request_id = event["requestContext"]["requestId"]
            if event["version"] != "2.0":
                raise Unavailable("payload_version")
            authorized = authorize(bearer_token(event["headers"].get("authorization")))
        except InvalidToken as error:
            telemetry.denied(error.reason, request_id)
            return {"isAuthorized": False}
        except Unavailable as error:
            telemetry.failed(error.reason, request_id)
        except Exception as error:  # noqa: BLE001  # the edge
            telemetry.failed(where(error), request_id)
        else:
            return {"isAuthorized": True, "context": _context_of(authorized)}
        raise AuthorizerUnavailable  # outside the handlers, so that Lambda prints no cause, which may hold a secret

    return handler


def _context_of(authorized: Authorized) -> dict[str, Any]:
    """Say who is calling, in scalars: API Gateway hands nothing else on in every payload version."""
    token = authorized.token
    return {
        "sub": token.sub,
        "sid": token.sid,
        "jti": token.jti,
        "ver": token.ver,
        "client_id": token.client_id,
        "auth_time": token.auth_time,
        "scope": token.scope or "",
        "roles": " ".join(authorized.roles or ()),
    }
