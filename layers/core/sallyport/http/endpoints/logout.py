"""POST /auth/logout."""

from collections.abc import Collection

from sallyport.errors import InvalidToken
from sallyport.http import cookies
from sallyport.http.bearer import bearer_token
from sallyport.http.fields import fields_of
from sallyport.http.presented import Presented, presented
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.use_cases.logout import LoggedOut, Logout
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class LogoutEndpoint:
    """204 whatever the credential is worth (RFC 7009 s2.2): a client that logs out wants nothing more from us.

    The credential is the cookie, or a refresh token in the body; the Authorization header counts where there is
    neither. The cookie is cleared here and nowhere else.
    """

    logout: Logout
    allowed_origins: Collection[str]

    def __call__(self, request: Request) -> Response:
        with fields_of(request.json_object(), ("refresh_token", "everywhere")) as fields:
            body_token, everywhere = fields.optional_text("refresh_token"), fields.flag("everywhere")
        found = presented(request, body_token, self.allowed_origins)
        done = self._log_out(request, found, everywhere=everywhere)
        clearing = (cookies.clear(cookies.REFRESH_TOKEN),) if found and found.mode == "cookie" else ()
        return Response(204, done.outcome, cookies=clearing, trail=done.trail)

    def _log_out(self, request: Request, found: Presented | None, *, everywhere: bool) -> LoggedOut:
        if found is not None:
            return self.logout.by_refresh_token(
                found.unverified_token, found.mode, request.request_id, everywhere=everywhere
            )
        try:
            unverified_token = bearer_token(request.headers.get("authorization"))
        except InvalidToken:
            return LoggedOut("nothing_to_end")
        return self.logout.by_access_token(unverified_token, request.request_id, everywhere=everywhere)
