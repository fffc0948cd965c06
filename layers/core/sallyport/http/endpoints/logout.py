"""POST /auth/logout."""

from collections.abc import Callable, Collection
from typing import Protocol

from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import InvalidToken
from sallyport.http import cookies
from sallyport.http.bearer import bearer_token
from sallyport.http.fields import Fields
from sallyport.http.presented import Presented, presented
from sallyport.sessions.session import Mode
from sallyport.tokens.access import AccessToken
from sallyport.tokens.refresh import RefreshToken
from sallyport.trail import Trail
from sallyport.use_cases.logout import Credential


class Logout(Protocol):
    """Ends what the credential stands for, if it came through its session's channel, and says what that was."""

    def __call__(self, credential: Credential, mode: Mode | None, *, everywhere: bool) -> str: ...


def logout_endpoint(
    *,
    verify_refresh: Callable[[str], RefreshToken],
    verify_access: Callable[[str], AccessToken],
    logout: Logout,
    allowed_origins: Collection[str],
) -> Endpoint:
    """Answer 204 whatever the credential is worth (RFC 7009 s2.2): a client that logs out wants nothing more from us.

    The credential is the cookie, or a refresh token in the body; the Authorization header counts where there is
    neither. The cookie is cleared here and nowhere else.
    """

    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), ("refresh_token", "everywhere"))
        body_token, everywhere = fields.optional_text("refresh_token"), fields.flag("everywhere")
        fields.done()
        found = presented(request, body_token, allowed_origins)
        clearing = (cookies.clear(cookies.REFRESH_TOKEN),) if found and found.mode == "cookie" else ()
        try:
            credential = verified(request, found)
        except InvalidToken:
            return Response(204, "nothing_to_end", cookies=clearing)
        outcome = logout(credential, found.mode if found else None, everywhere=everywhere)
        return Response(204, outcome, cookies=clearing, trail=Trail(credential.sid))

    def verified(request: Request, found: Presented | None) -> Credential:
        if found is not None:
            return verify_refresh(found.unverified_token)
        return verify_access(bearer_token(request.headers.get("authorization")))

    return endpoint
