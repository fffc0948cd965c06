"""POST /auth/login."""

from collections.abc import Collection

from sallyport.http import cookies, identity
from sallyport.http.caller import device_of
from sallyport.http.csrf import require_page_of_ours_for
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import fields_of
from sallyport.http.passwords import password
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.sessions.session import Mode
from sallyport.use_cases.log_in import Attempt, LogIn
from sallyport.values import dataclass

_FIELDS = ("email", "password", "mode", "device_token")
_MOST_OLDER = 2  # a browser sends one; each costs a write


@dataclass(frozen=True, slots=True)
class LoginEndpoint:
    """Log in with a password. In cookie mode the new session replaces the one whose cookie the browser sends."""

    log_in: LogIn
    allowed_origins: Collection[str]

    def __call__(self, request: Request) -> Response:
        with fields_of(request.json_object(), _FIELDS) as fields:
            email, typed = identity.email(fields), password(fields)
            mode: Mode = fields.choice("mode", "body", "cookie")
            device_token = fields.optional_text("device_token")
        require_page_of_ours_for(mode, request, self.allowed_origins)
        older: list[str] = []
        if mode == "cookie":
            older = cookies.values(request, cookies.REFRESH_TOKEN)[:_MOST_OLDER]
            device_token = cookies.only_value(request, cookies.DEVICE_TOKEN)
        logged_in = self.log_in(
            Attempt(email, typed, device_of(request), mode, replaces=older, device_token=device_token)
        )
        return token_response(logged_in.tokens, mode, "logged_in", logged_in.trail, device_token=logged_in.device_token)
