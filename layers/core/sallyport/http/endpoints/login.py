"""POST /auth/login."""

from collections.abc import Collection
from dataclasses import dataclass

from sallyport.http import cookies, identity
from sallyport.http.csrf import require_page_of_ours
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import fields_of
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.sessions.session import Mode
from sallyport.tokens import device
from sallyport.trail import Note
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.open_session import Device, LoggedIn, OpenSession

_FIELDS = ("email", "password", "mode", "device_token")
_MAX_USER_AGENT = 256
_MOST_OLDER = 2  # a browser sends one; each costs a transaction


@dataclass(frozen=True, slots=True)
class LoginEndpoint:
    """Log in with a password. In cookie mode the new session replaces the one whose cookie the browser sends."""

    authenticate: Authenticate
    open_session: OpenSession
    allowed_origins: Collection[str]

    def __call__(self, request: Request) -> Response:
        with fields_of(request.json_object(), _FIELDS) as fields:
            email, password = identity.email(fields), identity.password(fields)
            mode: Mode = fields.choice("mode", "body", "cookie")
            fields.optional_text("device_token")
        if mode == "cookie":
            require_page_of_ours(request, self.allowed_origins)
        who = self.authenticate(email, password)
        where = Device(ip=request.source_ip, user_agent=request.user_agent[:_MAX_USER_AGENT])
        if mode == "cookie":
            held = cookies.values(request, cookies.REFRESH_TOKEN)[:_MOST_OLDER]
            return _in_cookies(self.open_session(who.user, where, "cookie", replaces=held), who.also)
        return _in_the_body(self.open_session(who.user, where, "body"), who.also)


def _in_the_body(opened: LoggedIn, also: tuple[Note, ...]) -> Response:
    trail = opened.trail.adding(*also)
    return token_response(opened.tokens, "body", "logged_in", trail, more={"device_token": opened.device_token})


def _in_cookies(opened: LoggedIn, also: tuple[Note, ...]) -> Response:
    trail = opened.trail.adding(*also)
    known = cookies.keep(cookies.DEVICE_TOKEN, opened.device_token, seconds=device.LIFETIME_SECONDS)
    return token_response(opened.tokens, "cookie", "logged_in", trail, beside=(known,))
