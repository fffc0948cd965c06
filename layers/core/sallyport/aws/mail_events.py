"""The events of the mailer: batches of the mail queue's messages."""

from typing import Any

from sallyport.accounts.mail_request import Notice
from sallyport.aws.event import Event
from sallyport.aws.mail_queue import queued_from
from sallyport.edge import reason_of
from sallyport.telemetry import Telemetry
from sallyport.use_cases.send_mail import SendMail
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class MailEvents:
    """The handler of the mailer. Each message succeeds or fails by itself; one that fails comes again."""

    send_mail: SendMail
    telemetry: Telemetry

    def __call__(self, event: Event, _context: Any) -> dict[str, Any]:
        """Return which messages failed, as SQS takes it (`ReportBatchItemFailures`)."""
        failed = [record["messageId"] for record in event["Records"] if not self._is_done(record)]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _is_done(self, record: Event) -> bool:
        try:
            queued = queued_from(record["body"])
            outcome = self.send_mail(queued)
        except Exception as error:  # noqa: BLE001  # the edge
            self.telemetry.failed(reason_of(error), record["messageId"])
            return False
        about = queued.kind if isinstance(queued, Notice) else queued.purpose
        self.telemetry.mailed(about, outcome, record["messageId"])
        return True
