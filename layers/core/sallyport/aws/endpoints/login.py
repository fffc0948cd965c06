"""POST /auth/login."""

from collections.abc import Callable

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.password import MAX_PASSWORD_BYTES, PasswordTooLong
from sallyport.aws.endpoints.tokens import token_response
from sallyport.aws.fields import Fields
from sallyport.aws.http import Endpoint, Request, Response
from sallyport.errors import FieldError, InvalidRequest
from sallyport.sessions.login import Device, LoggedIn

_FIELDS = ("email", "password", "mode", "device_token")
_MAX_USER_AGENT = 256


def login_endpoint(login: Callable[[str, str, Device], LoggedIn]) -> Endpoint:
    def endpoint(request: Request) -> Response:
        fields = Fields(request.json_object(), _FIELDS)
        typed, password = fields.text("email"), fields.text("password")
        fields.choice("mode", "body")
        fields.optional_text("device_token")
        fields.done()
        device = Device(ip=request.source_ip, user_agent=request.user_agent[:_MAX_USER_AGENT])
        try:
            logged_in = login(canonical(typed), password, device)
        except InvalidEmail:
            raise _wrong("email", "invalid_email", "This is not an e-mail address that we accept.") from None
        except PasswordTooLong:
            detail = f"A password may have {MAX_PASSWORD_BYTES} bytes at most."
            raise _wrong("password", "password_too_long", detail) from None
        body = {**token_response(logged_in.tokens), "device_token": logged_in.device_token}
        return Response(200, "logged_in", body)

    return endpoint


def _wrong(field: str, code: str, detail: str) -> InvalidRequest:
    return InvalidRequest([FieldError(field, code, detail)])
