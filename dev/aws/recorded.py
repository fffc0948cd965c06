"""The clients of local functions, whose SES is written down: the embedded one keeps neither headers nor both bodies."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from dev.aws.cloud import LOCAL
from dev.outbox import Outbox
from sallyport.aws.clients import Clients
from sallyport.aws.patience import Patience
from sallyport.clock import Clock
from sallyport.mail.mail import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingClients(Clients):
    """Clients like others, but for SES: what it accepts is kept in an outbox, with the second by `clock`."""

    patience: Patience = LOCAL.patience
    patience_with_ses: Patience = LOCAL.patience_with_ses
    outbox: Outbox
    clock: Clock

    def ses(self) -> "SESV2Client":
        client = Clients(self.patience, self.patience_with_ses).ses()
        return cast("SESV2Client", _Recording(client, self.outbox, self.clock))


@dataclass(frozen=True, slots=True)
class _Recording:
    client: "SESV2Client"
    outbox: Outbox
    clock: Clock

    def send_email(self, **request: Any) -> Any:
        answer = self.client.send_email(**request)
        simple = request["Content"]["Simple"]
        mail = Mail(
            to=", ".join(request["Destination"]["ToAddresses"]),
            subject=simple["Subject"]["Data"],
            text=simple["Body"]["Text"]["Data"],
            html=simple["Body"]["Html"]["Data"],
            headers={"From": request["FromEmailAddress"]}
            | {header["Name"]: header["Value"] for header in simple["Headers"]},
        )
        self.outbox.add(mail, at=self.clock() // 1000)
        return answer
