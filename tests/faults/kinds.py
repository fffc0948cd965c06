"""The ways in which a call to DynamoDB fails."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import BotoCoreError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.faults.line import Fault, body_of
from tests.support.aws_answers import aws_answer

CANARY = "canary-9d41c7"
"""Stands in what the cloud says when it fails. Nobody may repeat it."""

Answer = Callable[[AWSPreparedRequest], AWSResponse]


def _answering(status: int, body: bytes) -> Answer:
    return lambda request: aws_answer(request, status, HTTPHeaders(), body)


def refusing(code: str, status: int = 400, **more: Any) -> Answer:
    """Answer with an error of AWS, by its name."""
    return _answering(status, json.dumps({"__type": code, "message": CANARY, **more}).encode())


def _raising(error: type[BotoCoreError]) -> Answer:
    def answer(request: AWSPreparedRequest) -> NoReturn:
        raise error(endpoint_url=CANARY, request=request, error=CANARY)

    return answer


def _unprocessed_items(request: AWSPreparedRequest) -> AWSResponse:
    asked = json.loads(body_of(request))["RequestItems"]
    return _answering(200, json.dumps({"UnprocessedItems": asked}).encode())(request)


def _unprocessed_keys(request: AWSPreparedRequest) -> AWSResponse:
    asked = json.loads(body_of(request))["RequestItems"]
    return _answering(
        200, json.dumps({"Responses": {table: [] for table in asked}, "UnprocessedKeys": asked}).encode()
    )(request)


def _cancelled(reason: str, *, absorbed: bool = False) -> Fault:
    reasons = [{"Code": "None"}, {"Code": reason, "Message": CANARY}]
    answer = refusing("TransactionCanceledException", CancellationReasons=reasons)
    return Fault(f"cancelled: {reason}", answer, only="TransactWriteItems", retried=False, absorbed=absorbed)


TIMED_OUT = Fault("timed out", _raising(ReadTimeoutError))

UNDONE = [
    Fault("throughput exceeded", refusing("ProvisionedThroughputExceededException")),
    Fault("throttled", refusing("ThrottlingException")),
    Fault("over the account's limit", refusing("RequestLimitExceeded")),
    Fault("denied", refusing("AccessDeniedException"), retried=False),
    Fault("500", refusing("InternalServerError", 500)),
    Fault("503 of a proxy", _answering(503, b"<html>" + CANARY.encode())),
    Fault("no connection", _raising(EndpointConnectionError)),
    TIMED_OUT,
    Fault("reset", _raising(ConnectionClosedError)),
    Fault("keys unprocessed", _unprocessed_keys, only="BatchGetItem", retried=False),
    Fault("items unprocessed", _unprocessed_items, only="BatchWriteItem", retried=False),
    Fault("conflict", refusing("TransactionConflictException"), only="UpdateItem", retried=False, absorbed=True),
    _cancelled("TransactionConflict", absorbed=True),
    _cancelled("ThrottlingError"),
    _cancelled("ProvisionedThroughputExceeded"),
    Fault("cancelled", refusing("TransactionCanceledException"), only="TransactWriteItems", retried=False),
    Fault("in progress", refusing("TransactionInProgressException"), only="TransactWriteItems"),
]
"""Nothing has happened."""

CONNECTION_LOST = Fault("reset, done", _raising(ConnectionClosedError), committed=True)

UNANSWERED = [
    Fault("500, done", refusing("InternalServerError", 500), committed=True),
    Fault("timed out, done", _raising(ReadTimeoutError), committed=True),
    CONNECTION_LOST,
]
"""It has happened, and botocore tries again."""

MALFORMED = [
    Fault(f"malformed: {body[:12]!r}", _answering(200, body), committed=True, retried=False, understood=True)
    for body in (b"", b"[]", b"null", b"<html>", b"\xff\xfe", b'{"Attributes": 7, "Responses": 7, "Items": 7}')
]
"""It has happened, and nobody understands the answer."""

EVERY_FAULT = [*UNDONE, *UNANSWERED, *MALFORMED]

_SOME = {"timed out", "keys unprocessed", "items unprocessed", "reset, done", "malformed: b'<html>'"}
SOME_FAULTS = [fault for fault in EVERY_FAULT if fault.absorbed or fault.name in _SOME]
"""One of each kind."""
