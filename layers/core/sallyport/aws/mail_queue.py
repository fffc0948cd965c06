"""The mail queue (SQS), and its messages as JSON. They hold no link, secret or code."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any, get_args

from sallyport.accounts.mail_request import MailRequest, Notice, NoticeKind, Queued, Subject
from sallyport.accounts.one_time_token import Purpose
from sallyport.aws.calls import Calls
from sallyport.values import asdict, fields


class SqsMailQueue:
    """Implements MailQueue. Connects only when there is something to put."""

    def __init__(self, connect: Callable[[], Calls], url: str) -> None:
        self._calls = cache(connect)
        self._url = url

    def put(self, queued: Queued) -> None:
        message = json.dumps(asdict(queued))
        self._calls().call("SendMessage", {"QueueUrl": self._url, "MessageBody": message})


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
