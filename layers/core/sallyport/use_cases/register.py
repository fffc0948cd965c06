"""Register: ask for the mail with which an account begins."""

from sallyport.errors import RegistrationClosed
from sallyport.use_cases.request_mail import MailRequested, RequestMail
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Lets strangers ask for an account, if the operator does."""

    request_mail: RequestMail
    is_open: bool

    def __call__(self, email: str, ip: str) -> MailRequested:
        """Have a link and a code mailed to an address. There is no account before one of them is redeemed.

        Raises RegistrationClosed, TooManyAttempts, Unavailable.
        """
        if not self.is_open:
            raise RegistrationClosed
        return self.request_mail("verify_email", email, ip)
