"""POST /auth/login."""

from collections.abc import Collection
from typing import Protocol

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.password import MAX_PASSWORD_BYTES, NormalPassword, PasswordTooLong, normal
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.http import cookies
from sallyport.http.csrf import require_page_of_ours
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import Fields
from sallyport.sessions.session import Mode
from sallyport.tokens import device
from sallyport.use_cases.login import Device, LoggedIn

_FIELDS = ("email", "password", "mode", "device_token")
_MAX_USER_AGENT = 256
_MOST_OLDER = 2  # a browser sends one; each costs a transaction


class Login(Protocol):
    """Opens a session; `older` are the refresh tokens, not verified, of sessions that it takes the place of."""

    def __call__(
        self, email: str, password: NormalPassword, device: Device, *, mode: Mode, older: list[str]
    ) -> LoggedIn: ...


def login_endpoint(login: Login, allowed_origins: Collection[str]) -> Endpoint:
    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), _FIELDS)
        email, password = _email(fields), _password(fields)
        mode: Mode = "cookie" if fields.choice("mode", "body", "cookie") == "cookie" else "body"
        fields.optional_text("device_token")
        fields.done()
        where = Device(ip=request.source_ip, user_agent=request.user_agent[:_MAX_USER_AGENT])
        if mode == "body":
            logged_in = login(email, password, where, mode=mode, older=[])
            device_token = {"device_token": logged_in.device_token}
            return token_response(logged_in.tokens, mode, "logged_in", logged_in.trail, more=device_token)
        require_page_of_ours(request, allowed_origins)
        older = cookies.values(request, cookies.REFRESH_TOKEN)[:_MOST_OLDER]
        logged_in = login(email, password, where, mode=mode, older=older)
        known = cookies.keep(cookies.DEVICE_TOKEN, logged_in.device_token, seconds=device.LIFETIME_SECONDS)
        return token_response(logged_in.tokens, mode, "logged_in", logged_in.trail, beside=(known,))

    return endpoint


def _email(fields: Fields) -> str:
    typed = fields.text("email")
    try:
        return canonical(typed)
    except InvalidEmail:
        fields.refuse("email", "invalid_email", "This is not an e-mail address that we accept.")
        return ""


def _password(fields: Fields) -> NormalPassword:
    typed = fields.text("password")
    try:
        return normal(typed)
    except PasswordTooLong:
        detail = f"A password may have {MAX_PASSWORD_BYTES} bytes at most."
        fields.refuse("password", "password_too_long", detail)
        return normal("")
