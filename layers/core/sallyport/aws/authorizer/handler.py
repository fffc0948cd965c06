"""The authorizer's edge: what it raises, what it logs, and that nothing but an Allow allows."""

from collections.abc import Callable
from typing import Any, Protocol

from sallyport.aws.authorizer.answers import Answer
from sallyport.aws.authorizer.events import read
from sallyport.aws.bearer import bearer_token
from sallyport.aws.edge import reason_of
from sallyport.aws.http import Event, LambdaHandler
from sallyport.errors import InvalidToken
from sallyport.revocation.authorize import Authorized


class AuthorizerUnavailable(Exception):
    """The authorizer cannot decide. Raised to the gateway, which answers 500: it fails closed."""


class Unauthorized(Exception):
    """The token is bad, and the gateway is to answer 401: it does so for an error with exactly this text."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Telemetry(Protocol):
    """Logs and counts."""

    def denied(self, reason: str, request_id: str) -> None: ...

    def failed(self, reason: str, request_id: str) -> None: ...


def answer(
    authorize: Callable[[str], Authorized], telemetry: Telemetry, *, raises_unauthorized: bool = False
) -> LambdaHandler:
    """Make the Lambda handler. A bad token is denied. Whatever else goes wrong raises, so that it allows nothing.

    With `raises_unauthorized` a bad token raises Unauthorized where the gateway is known to make a 401 of that.
    """

    def handler(event: Event, context: Any) -> Answer:
        request_id = ""
        try:
            request_id = _request_id(event, context)
            question = read(event)
            authorized = bearer(question.authorization, request_id)
        except Exception as error:  # noqa: BLE001  # the edge
            telemetry.failed(reason_of(error), request_id)
        else:
            if authorized is not None:
                return question.form.allow(authorized)
            if raises_unauthorized and question.knows_unauthorized:
                raise Unauthorized
            return question.form.deny()
        raise AuthorizerUnavailable  # outside the handlers, so that Lambda prints no cause, which may hold a secret

    def bearer(authorization: str | None, request_id: str) -> Authorized | None:
        """Say who presents the header, or None, with one log line, if the token is bad."""
        try:
            return authorize(bearer_token(authorization))
        except InvalidToken as error:
            telemetry.denied(error.reason, request_id)
            return None

    return handler


def _request_id(event: Event, context: Any) -> str:
    """Name the request. A TOKEN event does not: there it is Lambda's id, which the gateway can log as well."""
    named: str = context.aws_request_id if event.get("type") == "TOKEN" else event["requestContext"]["requestId"]
    return named
