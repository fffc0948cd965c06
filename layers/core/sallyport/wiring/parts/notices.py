"""Telling users of changes to their account."""

from sallyport import settings
from sallyport.aws.clients import Clients
from sallyport.aws.mail_queue import SqsMailQueue
from sallyport.clock import Clock
from sallyport.use_cases.notify import Notify


def build(config: settings.MailRequests, clock: Clock, clients: Clients) -> Notify:
    return Notify(queue=SqsMailQueue(clients.sqs, config.mail_queue_url), language=config.mail_language, clock=clock)
