"""POST /auth/register and POST /auth/verify-email: how an account begins."""

from collections.abc import Collection

from sallyport.accounts.new_password import NewPasswords
from sallyport.http import identity
from sallyport.http.endpoints.devices import device_response
from sallyport.http.endpoints.mailed import mailed
from sallyport.http.fields import fields_of
from sallyport.http.passwords import refusing
from sallyport.http.redemption import redemption
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.use_cases.register import Register
from sallyport.use_cases.verify_email import VerifyEmail
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class RegisterEndpoint:
    """202, the same for every address: only its owner learns whether it has an account, by mail."""

    register: Register

    def __call__(self, request: Request) -> Response:
        with fields_of(request.json_object(), ("email",)) as fields:
            email = identity.email(fields)
        return mailed(self.register(email, request.source_ip), "verification_sent")


@dataclass(frozen=True, slots=True)
class VerifyEmailEndpoint:
    """Take the link or the code, and the password that the account begins with."""

    verify_email: VerifyEmail
    rules: NewPasswords
    allowed_origins: Collection[str]

    def __call__(self, request: Request) -> Response:
        sent = redemption(request, self.rules, self.allowed_origins)
        with refusing():
            redeemed = self.verify_email(sent.proof, sent.password, request.source_ip, request.request_id)
        return device_response(redeemed, sent.mode, "verified")
