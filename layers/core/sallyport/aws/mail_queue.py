"""The mail queue (SQS), and its messages as JSON. They hold no link, secret or code."""

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from sallyport.accounts.mail_request import MailRequest, Notice, Queued, Subject
from sallyport.aws.clients import failing_closed

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient


class SqsMailQueue:
    """Implements MailQueue. Connects only when there is something to put."""

    def __init__(self, connect: Callable[[], "SQSClient"], url: str) -> None:
        self._client = cache(connect)
        self._url = url

    def put(self, queued: Queued) -> None:
        with failing_closed():
            self._client().send_message(QueueUrl=self._url, MessageBody=json.dumps(asdict(queued)))


def queued_from(body: str) -> Queued:
    """Read a message. Ignores members that it does not know: a newer version may have written it.

    Raises ValueError or TypeError for one that this version does not understand.
    """
    read = json.loads(body)
    if not isinstance(read, dict):
        raise ValueError("not a message of the mail queue")
    kind = Notice if "kind" in read else MailRequest
    members: dict[str, Any] = {field.name: read[field.name] for field in fields(kind) if field.name in read}
    match members:
        case {"kind": str()}:
            return Notice(**members)
        case {"purpose": str(), "subject": {"user_id": str(user_id), "ver": int(ver), "email": str(email)}}:
            return MailRequest(**{**members, "subject": Subject(user_id, ver, email)})
        case {"purpose": str(), "subject": None}:
            return MailRequest(**members)
    raise ValueError("not a message of the mail queue")
