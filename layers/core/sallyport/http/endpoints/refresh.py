"""POST /auth/refresh."""

from collections.abc import Collection

from sallyport.errors import InvalidGrant
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import fields_of
from sallyport.http.presented import presented
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.use_cases.refresh import Refresh
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class RefreshEndpoint:
    """Exchange a refresh token. New tokens go back the way it came: in the body, or as a cookie."""

    refresh: Refresh
    allowed_origins: Collection[str]

    def __call__(self, request: Request) -> Response:
        with fields_of(request.json_object(), ("refresh_token",)) as fields:
            body_token = fields.optional_text("refresh_token")
        found = presented(request, body_token, self.allowed_origins)
        if found is None:
            raise InvalidGrant("no_credential")
        refreshed = self.refresh(found.unverified_token, found.mode, request.request_id)
        return token_response(refreshed.tokens, found.mode, refreshed.outcome, refreshed.trail)
