"""POST /auth/login."""

from collections.abc import Callable

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.password import MAX_PASSWORD_BYTES, NormalPassword, PasswordTooLong, normal
from sallyport.aws.endpoints.tokens import token_response
from sallyport.aws.fields import Fields
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.sessions.login import Device, LoggedIn

_FIELDS = ("email", "password", "mode", "device_token")
_MAX_USER_AGENT = 256


def login_endpoint(login: Callable[[str, NormalPassword, Device], LoggedIn]) -> Endpoint:
    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), _FIELDS)
        email, password = _email(fields), _password(fields)
        fields.choice("mode", "body")
        fields.optional_text("device_token")
        fields.done()
        device = Device(ip=request.source_ip, user_agent=request.user_agent[:_MAX_USER_AGENT])
        logged_in = login(email, password, device)
        body = {**token_response(logged_in.tokens), "device_token": logged_in.device_token}
        return Response(200, "logged_in", body)

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
