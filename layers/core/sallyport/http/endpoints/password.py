"""POST /auth/password/forgot, /reset and /change."""

from collections.abc import Collection
from dataclasses import dataclass

from sallyport.accounts.password import NewPasswords
from sallyport.http import identity, redemption
from sallyport.http.caller import caller_of, device_of
from sallyport.http.csrf import require_page_of_ours_for
from sallyport.http.endpoints.devices import device_response
from sallyport.http.endpoints.mailed import mailed
from sallyport.http.endpoints.tokens import token_response
from sallyport.http.fields import fields_of
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.sessions.session import Mode
from sallyport.use_cases.change_password import ChangePassword
from sallyport.use_cases.request_mail import RequestMail
from sallyport.use_cases.reset_password import ResetPassword


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
        with fields_of(request.json_object(), (*redemption.PROOF_FIELDS, "password", "mode")) as fields:
            typed, password = redemption.TypedProof(fields), redemption.new_password(fields, self.rules)
            mode: Mode = fields.choice("mode", "body", "cookie")
        require_page_of_ours_for(mode, request, self.allowed_origins)
        with redemption.refusing():
            redeemed = self.reset_password(typed.read(), password, device_of(request))
        return device_response(redeemed, mode, "reset")


@dataclass(frozen=True, slots=True)
class ChangePasswordEndpoint:
    """New tokens for the session that asks, by its own channel. Every other session is dead."""

    change_password: ChangePassword
    rules: NewPasswords

    def __call__(self, request: Request) -> Response:
        caller = caller_of(request)
        with fields_of(request.json_object(), ("current_password", "new_password")) as fields:
            current = identity.password(fields, "current_password")
            new = redemption.new_password(fields, self.rules, "new_password")
        with redemption.refusing("new_password"):
            changed = self.change_password(caller, current, new, device_of(request))
        return token_response(
            changed.tokens, changed.mode, "password_changed", changed.trail, device_token=changed.device_token
        )
