"""SES delivers mails."""

from email.headerregistry import Address
from email.utils import formataddr
from typing import TYPE_CHECKING

from sallyport.aws.by_botocore import failing_closed
from sallyport.mail.mail import Mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_sesv2.type_defs import ContentTypeDef


class Ses:
    """Sends mails by SES v2, from `address`, as `name`, by one configuration set. Implements Sender.

    Raises ValueError if no mail can come from such a name and address.
    """

    def __init__(self, client: "SESV2Client", *, name: str, address: str, configuration_set: str) -> None:
        self._client = client
        self._configuration_set = configuration_set
        if not name.isprintable():
            raise ValueError("a sender's name holds a control character")
        checked = Address(display_name=name, addr_spec=address)  # refuses what is no address of ASCII
        self.sender = formataddr((checked.display_name, checked.addr_spec))  # encodes a name by RFC 2047

    def send(self, mail: Mail) -> None:
        """Hand a mail over to SES, which may deliver it twice if its answer is lost. Raises Unavailable."""
        with failing_closed():
            self._client.send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [mail.to]},
                Content={
                    "Simple": {
                        "Subject": _utf8(mail.subject),
                        "Body": {"Text": _utf8(mail.text), "Html": _utf8(mail.html)},
                        "Headers": [{"Name": name, "Value": value} for name, value in mail.headers.items()],
                    }
                },
                ConfigurationSetName=self._configuration_set,
            )


def _utf8(text: str) -> "ContentTypeDef":
    return {"Data": text, "Charset": "UTF-8"}
