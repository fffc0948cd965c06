"""POST /auth/logout."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from sallyport.aws.bearer import bearer_token
from sallyport.aws.fields import Fields
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidToken
from sallyport.tokens.access import AccessToken
from sallyport.tokens.refresh import RefreshToken

Credential: TypeAlias = RefreshToken | AccessToken


class Logout(Protocol):
    """Ends what the credential stands for, and says what that was."""

    def __call__(self, credential: Credential, *, everywhere: bool) -> str: ...


def logout_endpoint(
    *,
    verify_refresh: Callable[[str], RefreshToken],
    verify_access: Callable[[str], AccessToken],
    logout: Logout,
) -> Endpoint:
    """Answer 204 whatever the credential is worth (RFC 7009 s2.2): a client that logs out wants nothing more from us.

    A refresh token in the body is the credential; the Authorization header counts where there is none.
    """

    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), ("refresh_token", "everywhere"))
        token, everywhere = fields.optional_text("refresh_token"), fields.flag("everywhere")
        fields.done()
        try:
            credential: Credential = (
                verify_refresh(token)
                if token is not None
                else verify_access(bearer_token(request.headers.get("authorization")))
            )
        except InvalidToken:
            return Response(204, "nothing_to_end")
        return Response(204, logout(credential, everywhere=everywhere))

    return endpoint
