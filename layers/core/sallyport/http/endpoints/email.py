"""POST /auth/email/change and /confirm: how a user moves to another address."""

from sallyport.http import identity
from sallyport.http.caller import caller_of, device_of
from sallyport.http.endpoints.mailed import mailed
from sallyport.http.fields import fields_of
from sallyport.http.passwords import password
from sallyport.http.redemption import PROOF_FIELDS, TypedProof
from sallyport.http.request import Request
from sallyport.http.response import Response
from sallyport.trail import Trail
from sallyport.use_cases.change_email import ChangeEmail
from sallyport.use_cases.confirm_email import ConfirmEmail
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class ChangeEmailEndpoint:
    """202, whether or not the new address has an account. The caller's own address stays as it is."""

    change_email: ChangeEmail

    def __call__(self, request: Request) -> Response:
        caller = caller_of(request)
        with fields_of(request.json_object(), ("email", "password")) as fields:
            email, known = identity.email(fields), password(fields)
        asked, also = self.change_email(caller, email, known, device_of(request))
        return mailed(asked, "verification_sent", also)


@dataclass(frozen=True, slots=True)
class ConfirmEmailEndpoint:
    """204: the caller logs in by the new address from now on."""

    confirm_email: ConfirmEmail

    def __call__(self, request: Request) -> Response:
        caller = caller_of(request)
        with fields_of(request.json_object(), PROOF_FIELDS) as fields:
            typed = TypedProof(fields)
        also = self.confirm_email(caller, typed.read(), device_of(request), request.request_id)
        return Response(204, "email_changed", trail=Trail(caller.sid, also))
