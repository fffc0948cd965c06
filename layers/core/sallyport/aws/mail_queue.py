"""The mail queue (SQS), and its messages as JSON. They hold no link, secret or code."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from sallyport.accounts.mail_request import MailRequest, Notice, NoticeKind, Queued, Subject
from sallyport.accounts.one_time_token import Purpose
from sallyport.aws.clients import failing_closed
from sallyport.values import asdict, fields

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
    match json.loads(body):
        case {"kind": kind} as notice if kind in get_args(NoticeKind):
            return Notice(**_known(Notice, notice))
        case {"purpose": purpose, "subject": None} as asked if purpose in get_args(Purpose):
            return MailRequest(**_known(MailRequest, asked))
        case {"purpose": purpose, "subject": {} as subject} as asked if purpose in get_args(Purpose):
            known = {**_known(MailRequest, asked), "subject": Subject(**_known(Subject, subject))}
            return MailRequest(**known)
    raise ValueError("not a message of the mail queue")


def _known(kind: type, members: dict[str, Any]) -> dict[str, Any]:
    return {field.name: members[field.name] for field in fields(kind) if field.name in members}
