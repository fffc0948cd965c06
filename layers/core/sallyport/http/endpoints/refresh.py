"""POST /auth/refresh."""

from collections.abc import Callable, Collection

from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidGrant, InvalidToken
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import Fields
from sallyport.http.presented import presented
from sallyport.sessions.session import Mode
from sallyport.use_cases.refresh import Refreshed


def refresh_endpoint(refresh: Callable[[str, Mode], Refreshed], allowed_origins: Collection[str]) -> Endpoint:
    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), ("refresh_token",))
        body_token = fields.optional_text("refresh_token")
        fields.done()
        found = presented(request, body_token, allowed_origins)
        if found is None:
            raise InvalidGrant("no_credential")
        try:
            refreshed = refresh(found.unverified_token, found.mode)
        except InvalidToken as error:
            raise InvalidGrant(error.reason, outcome="expired" if error.reason == "expired" else None) from None
        return token_response(refreshed.tokens, found.mode, refreshed.outcome, refreshed.trail)

    return endpoint
