"""POST /auth/password/forgot, /reset and /change."""

from collections.abc import Collection

from sallyport.accounts.new_password import NewPasswords
from sallyport.http import identity
from sallyport.http.caller import caller_of, device_of
from sallyport.http.endpoints.devices import device_response
from sallyport.http.endpoints.mailed import mailed
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import fields_of
from sallyport.http.passwords import password, refusing
from sallyport.http.redemption import redemption
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.use_cases.change_password import ChangePassword
from sallyport.use_cases.request_mail import RequestMail
from sallyport.use_cases.reset_password import ResetPassword
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class ForgotEndpoint:
    """202, always."""

    request_mail: RequestMail

    def __call__(self, request: Request) -> Response:
        with fields_of(request.json_object(), ("email",)) as fields:
            email = identity.email(fields)
        return mailed(self.request_mail("reset_password", email, request.source_ip), "reset_sent")


@dataclass(frozen=True, slots=True)
class ResetEndpoint:
    """Take the link or the code, and another password. Logs nobody in."""

    reset_password: ResetPassword
    rules: NewPasswords
    allowed_origins: Collection[str]

    def __call__(self, request: Request) -> Response:
        sent = redemption(request, self.rules, self.allowed_origins)
        with refusing():
            redeemed = self.reset_password(sent.proof, sent.password, device_of(request), request.request_id)
        return device_response(redeemed, sent.mode, "reset")


@dataclass(frozen=True, slots=True)
class ChangePasswordEndpoint:
    """New tokens for the session that asks, by its own channel. Every other session is dead."""

    change_password: ChangePassword
    rules: NewPasswords

    def __call__(self, request: Request) -> Response:
        caller = caller_of(request)
        with fields_of(request.json_object(), ("current_password", "new_password")) as fields:
            current = password(fields, "current_password")
            new = password(fields, "new_password", read=self.rules.choose)
        with refusing("new_password"):
            changed = self.change_password(caller, current, new, device_of(request), request.request_id)
        return token_response(
            changed.tokens, changed.mode, "password_changed", changed.trail, device_token=changed.device_token
        )
