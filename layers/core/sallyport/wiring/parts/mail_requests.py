"""Asking the mailer for an answer to a mail request."""

from sallyport import settings
from sallyport.accounts.throttle import MAIL_FOR_CLIENT, ThrottleStore
from sallyport.aws.clients import Clients
from sallyport.aws.mail_queue import SqsMailQueue
from sallyport.clock import Clock
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.request_mail import RequestMail


def build(config: settings.MailRequests, throttle: ThrottleStore, clock: Clock, clients: Clients) -> RequestMail:
    return RequestMail(
        throttle=throttle,
        limit_client=LimitClient(throttle=throttle, bucket=MAIL_FOR_CLIENT, clock=clock),
        queue=SqsMailQueue(clients.sqs, config.mail_queue_url),
        language=config.mail_language,
        clock=clock,
    )
