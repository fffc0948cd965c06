"""Queues, polled as Lambda polls them for a function (an event source mapping with partial batch answers)."""

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from dev.lambda_host.functions import LocalFunction
from dev.sam.template import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_PAUSE = 0.2
"""Seconds between two polls. No long polling: the embedded AWS serves one call at a time."""


@dataclass(frozen=True)
class Poller:
    """Hands the messages of one queue to one function, up to `batch_size` at a time."""

    queue: "SQSClient"
    url: str
    function: LocalFunction
    batch_size: int

    def poll(self) -> int:
        """Take a batch, and return how many messages it had. Those that fail are seen again when SQS shows them."""
        received = self.queue.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=self.batch_size, AttributeNames=["All"]
        ).get("Messages", [])
        if received:
            self._hand_over(received)
        return len(received)

    def drain(self) -> None:
        """Take batches until none is to be seen."""
        while self.poll():
            pass

    @contextmanager
    def running(self) -> Iterator[None]:
        """Poll in a thread for the length of a block."""
        ended = threading.Event()

        def run() -> None:
            while not ended.wait(_PAUSE):
                try:
                    while not ended.is_set() and self.poll():
                        pass
                except (BotoCoreError, ClientError) as error:  # the next poll may go well
                    print(f"The mail queue did not answer: {type(error).__name__}", file=sys.stderr, flush=True)

        thread = threading.Thread(target=run, name="mail queue", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _hand_over(self, received: list["MessageTypeDef"]) -> None:
        try:
            answer = self.function.invoke({"Records": [_record(message) for message in received]})
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        except Exception as error:  # noqa: BLE001  # the edge: as on AWS, a function that fails has handled no message
            print(f"{self.function.spec.name} raised {type(error).__name__}", file=sys.stderr, flush=True)
            failed = {message["MessageId"] for message in received}
        for message in received:
            if message["MessageId"] not in failed:
                self.queue.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


def _record(message: "MessageTypeDef") -> Mapping[str, Any]:
    """Return a message as it stands in an event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:MailQueue",
        "awsRegion": REGION,
    }
