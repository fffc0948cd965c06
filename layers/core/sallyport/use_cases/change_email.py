"""Ask to change an e-mail address."""

from sallyport.accounts.mail_request import Subject
from sallyport.accounts.password import NormalPassword
from sallyport.sessions.session import Device
from sallyport.sessions.strict import VerifiedClaims
from sallyport.trail import Note
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.notify import Notify
from sallyport.use_cases.request_mail import MailRequested, RequestMail
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEmail:
    """Has a link and a code mailed to the address that a user wants to move to, and tells the one they have."""

    confirm_caller: ConfirmCaller
    request_mail: RequestMail
    notify: Notify

    def __call__(
        self, caller: VerifiedClaims, email: str, password: NormalPassword, device: Device
    ) -> tuple[MailRequested, tuple[Note, ...]]:
        """Enqueue both mails. Return the request and what to note. Nothing says whether the new address is taken.

        Raises TokenDead, WrongPassword, TooManyAttempts, Unavailable.
        """
        _, account = self.confirm_caller(caller, password)
        user = account.user
        subject = Subject(user.user_id, user.token_version, user.email)
        asked = self.request_mail("confirm_email", email, device.ip, subject=subject)
        return asked, self.notify("email_change_requested", user.email, device) if asked.is_queued else ()
