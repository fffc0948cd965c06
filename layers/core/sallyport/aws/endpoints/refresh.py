"""POST /auth/refresh."""

from collections.abc import Callable

from sallyport.aws.endpoints.tokens import token_response
from sallyport.aws.fields import Fields
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidGrant, InvalidToken
from sallyport.sessions.refresh import Refreshed


def refresh_endpoint(refresh: Callable[[str], Refreshed]) -> Endpoint:
    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), ("refresh_token",))
        token = fields.optional_text("refresh_token")
        fields.done()
        if token is None:
            raise InvalidGrant("no_credential")
        try:
            refreshed = refresh(token)
        except InvalidToken as error:
            raise InvalidGrant(error.reason) from None
        return Response(200, refreshed.outcome, token_response(refreshed.tokens))

    return endpoint
