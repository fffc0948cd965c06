"""What SES is handed, and what its failures are."""

import re
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from dev.aws.cloud import Cloud
from dev.mail_samples import SERVICE, VALID_SECONDS, sample
from sallyport.aws.clients import Clients
from sallyport.aws.patience import PATIENCE
from sallyport.aws.ses import Ses
from sallyport.errors import AccessDenied, Unavailable
from sallyport.mail.composer import Composer

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client

MAIL = Composer(service=SERVICE, valid_seconds=VALID_SECONDS).compose(sample("reset_password", "de"))


class Recorder:
    """A client of SES that keeps what it is handed, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.handed: list[dict[str, Any]] = []
        self.failure = failure

    def send_email(self, **call: Any) -> dict[str, str]:
        self.handed.append(call)
        if self.failure:
            raise self.failure
        return {"MessageId": "1"}


def ses(client: object, *, name: str = "Example", address: str = "no-reply@example.com") -> Ses:
    return Ses(cast("SESV2Client", client), name=name, address=address, configuration_set="mails")


def test_ses_is_handed_the_whole_mail_in_utf8() -> None:
    client = Recorder()

    ses(client).send(MAIL)

    assert client.handed == [
        {
            "FromEmailAddress": "Example <no-reply@example.com>",
            "Destination": {"ToAddresses": ["ann@example.com"]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": MAIL.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": MAIL.text, "Charset": "UTF-8"},
                        "Html": {"Data": MAIL.html, "Charset": "UTF-8"},
                    },
                    "Headers": [{"Name": name, "Value": value} for name, value in MAIL.headers.items()],
                }
            },
            "ConfigurationSetName": "mails",
        }
    ]


def test_the_call_has_the_shape_that_ses_documents() -> None:
    client = boto3.client("sesv2", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    recorder = Recorder()
    ses(recorder).send(MAIL)

    with Stubber(client) as stub:
        stub.add_response("send_email", {"MessageId": "1"}, recorder.handed[0])
        ses(client).send(MAIL)
        stub.assert_no_pending_responses()


def test_a_mail_from_an_address_that_nobody_verified_is_unavailable(cloud: Cloud) -> None:
    with pytest.raises(Unavailable, match="SendEmail MessageRejected"):
        ses(Clients().ses(), address="no-reply@not-verified.example").send(MAIL)


@pytest.mark.parametrize(
    ("failure", "becomes", "reason"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "SendEmail"), AccessDenied, "AccessDeniedException"),
        (ClientError({"Error": {"Code": "TooManyRequestsException"}}, "SendEmail"), Unavailable, "TooManyRequests"),
        (ReadTimeoutError(endpoint_url="ann@example.com"), Unavailable, "ReadTimeoutError"),
    ],
)
def test_a_failure_of_ses_is_unavailable_and_names_nobody(
    failure: Exception, becomes: type[Unavailable], reason: str
) -> None:
    with pytest.raises(becomes, match=reason) as raised:
        ses(Recorder(failure)).send(MAIL)

    assert "ann@example.com" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "sender"),
    [
        ("Example", "Example <no-reply@example.com>"),
        ("Bücher & Söhne", "=?utf-8?b?QsO8Y2hlciAmIFPDtmhuZQ==?= <no-reply@example.com>"),
        ('The "Gate", Ltd.', '"The \\"Gate\\", Ltd." <no-reply@example.com>'),
        ("eve@example.org", '"eve@example.org" <no-reply@example.com>'),
        ("Eve <eve@example.org>", '"Eve <eve@example.org>" <no-reply@example.com>'),
        ("", "no-reply@example.com"),
    ],
)
def test_the_services_name_is_a_name_and_never_an_address(name: str, sender: str) -> None:
    assert ses(Recorder(), name=name).sender == sender
    assert re.fullmatch(r"[ -~]+", sender)


@pytest.mark.parametrize("control", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028"])
def test_no_name_or_address_of_the_sender_adds_a_header(control: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        ses(Recorder(), name=f"Example{control}Bcc: eve@example.com")
    with pytest.raises(ValueError, match=r"[a-z]"):
        ses(Recorder(), address=f"no-reply@example.com{control}Bcc: eve@example.com")


@pytest.mark.parametrize("address", ["nobody", "a@example.com, b@example.com", "ü@example.com", "A <a@example.com>"])
def test_a_sender_is_one_address(address: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        ses(Recorder(), address=address)


def test_a_client_of_ses_waits_as_long_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    client = Clients(patience_with_ses=PATIENCE._replace(read_timeout=7)).ses()

    assert client.meta.config.read_timeout == 7  # type: ignore[attr-defined]
    assert client.meta.service_model.service_name == "sesv2"
