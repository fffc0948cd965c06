"""Request a mail with a link and a code."""

from sallyport.accounts.mail_request import MailQueue, MailRequest, Subject
from sallyport.accounts.one_time_token import LIFETIME_SECONDS, Purpose
from sallyport.accounts.throttle import MAIL_TO_ADDRESS, ThrottleStore, key_of_address
from sallyport.clock import Clock
from sallyport.identifiers import new_id
from sallyport.use_cases.limit_client import LimitClient
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class MailRequested:
    """The id by which a code is redeemed, for `expires_in` seconds. Says nothing of whether there is an account.

    `is_queued` is not for the client: an address that was mailed too often gets nothing more.
    """

    request: str
    is_queued: bool
    expires_in: int = LIFETIME_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMail:
    """Enqueues mail requests. Nothing here reads an account, so nothing here can tell whether there is one."""

    throttle: ThrottleStore
    limit_client: LimitClient
    queue: MailQueue
    language: str
    clock: Clock

    def __call__(self, purpose: Purpose, email: str, ip: str, *, subject: Subject | None = None) -> MailRequested:
        """Have the mailer answer a request for a canonical address.

        An address that was mailed too often gets nothing, and whoever asks does not learn of it. Raises
        TooManyAttempts for a client that asks too often, Unavailable if nothing was enqueued.
        """
        self.limit_client(ip)
        request, now_ms = new_id(), self.clock()
        is_mailed_too_often = self.throttle.take(key_of_address(email), MAIL_TO_ADDRESS, now_ms=now_ms) > 0
        if is_mailed_too_often:
            return MailRequested(request, is_queued=False)
        self.queue.put(
            MailRequest(
                purpose=purpose,
                email=email,
                request=request,
                requested_at=now_ms // 1000,
                language=self.language,
                subject=subject,
            )
        )
        return MailRequested(request, is_queued=True)
