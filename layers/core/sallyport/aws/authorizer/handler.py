"""The authorizer's handler: what it raises, what it logs, and that nothing but an Allow allows."""

from typing import Any

from sallyport.aws.authorizer.answers import Answer
from sallyport.aws.authorizer.events import read
from sallyport.aws.event import Event
from sallyport.edge import reason_of
from sallyport.errors import InvalidToken
from sallyport.http.bearer import bearer_token
from sallyport.telemetry import Telemetry
from sallyport.use_cases.authorize import Authorize, Authorized
from sallyport.values import dataclass


class AuthorizerUnavailable(Exception):
    """The authorizer cannot decide. Raised to the gateway, which answers 500: it fails closed."""


class Unauthorized(Exception):
    """The token is bad, and the gateway is to answer 401: it does so for an error with exactly this text."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorizer:
    """The handler of the authorizer. It denies a bad token. Whatever else goes wrong raises, so that it allows nothing.

    With `raises_unauthorized` a bad token raises Unauthorized where the gateway is known to make a 401 of that.
    """

    authorize: Authorize
    telemetry: Telemetry
    raises_unauthorized: bool = False

    def __call__(self, event: Event, context: Any) -> Answer:
        """Return what the gateway is to do. Raises AuthorizerUnavailable, Unauthorized."""
        request_id = ""
        try:
            request_id = _request_id(event, context)
            question = read(event)
            authorized = self._authorized(question.authorization, request_id)
        except Exception as error:  # noqa: BLE001  # the edge
            self.telemetry.failed(reason_of(error), request_id)
        else:
            if authorized is not None:
                return question.form.allow(authorized)
            if self.raises_unauthorized and question.knows_unauthorized:
                raise Unauthorized
            return question.form.deny()
        raise AuthorizerUnavailable  # outside the handlers, so that Lambda prints no cause, which may hold a secret

    def _authorized(self, authorization: str | None, request_id: str) -> Authorized | None:
        """Return who presents the header, or None, after one log line, if the token is bad."""
        try:
            return self.authorize(bearer_token(authorization))
        except InvalidToken as error:
            self.telemetry.denied(error.reason, request_id)
            return None


def _request_id(event: Event, context: Any) -> str:
    """Return the request's id. A TOKEN event has none: there it is Lambda's, which the gateway can log as well."""
    named: str = context.aws_request_id if event.get("type") == "TOKEN" else event["requestContext"]["requestId"]
    return named
