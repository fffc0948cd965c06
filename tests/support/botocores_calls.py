"""Print what clients of botocore do, in the Regions named as arguments, and what was imported for it.

A program of its own, for tests/unit/test_left_out.py: it runs with the botocore of PYTHONPATH, and needs nothing else.
Nothing leaves the process.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.session import Session

CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("dynamodb", "update_item", {"TableName": "t", "Key": {"PK": {"B": b"k"}}, "UpdateExpression": "SET a = b"}),
    (
        "dynamodb",
        "transact_write_items",
        {"TransactItems": [{"Delete": {"TableName": "t", "Key": {"PK": {"S": "k"}}}}]},
    ),
    ("dynamodb", "update_item", {"TableName": 1, "Unknown": ""}),
    ("kms", "encrypt", {"KeyId": "k", "Plaintext": b"p", "EncryptionContext": {"use": "access"}}),
    ("sqs", "send_message", {"QueueUrl": "https://example.com/q", "MessageBody": "{}"}),
    ("sesv2", "send_email", {"FromEmailAddress": "a@example.com", "Content": {"Raw": {"Data": b"raw"}}}),
]
ANSWERS = [
    (200, b'{"Attributes": {"a": {"B": "aw=="}}, "CiphertextBlob": "aw==", "MessageId": "m"}'),
    (400, b'{"__type": "TransactionCanceledException", "CancellationReasons": [{"Item": {"a": {"N": "1"}}}]}'),
    (503, b"no JSON"),
]
_DIFFER = {"authorization", "x-amz-date", "amz-sdk-invocation-id"}


class _Content:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content


def called(client: Any, operation: str, parameters: dict[str, Any], status: int, content: bytes) -> tuple[Any, str]:
    """Make a call that is answered so. Returns what was sent, but for what always differs, and what came of it."""
    sent: list[Any] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        told = {name: value for name, value in headers.items() if name not in _DIFFER}
        sent.append((request.method, request.url, told, str(request.body)))
        is_json: Any = HeadersDict({"content-type": "application/x-amz-json-1.0"})
        return AWSResponse(str(request.url), status, is_json, _Content(content))

    client.meta.events.register("before-send", answer, unique_id="answer")
    try:
        return sent, str(getattr(client, operation)(**parameters))
    except Exception as error:  # noqa: BLE001  # whatever a client raises is what came of it
        return sent, f"{type(error).__name__} {error} {getattr(error, 'response', '')}"
    finally:
        client.meta.events.unregister("before-send", unique_id="answer")


def with_a_token(**told: Any) -> None:
    """Name the transaction, which botocore would give a random name."""
    told["params"]["ClientRequestToken"] = "token"


def main(regions: list[str]) -> None:
    session = Session()
    session.register("before-parameter-build.dynamodb.TransactWriteItems", with_a_token)
    done = []
    for region in regions:
        for service, operation, parameters in CALLS:
            client = session.create_client(service, region_name=region)
            done += [called(client, operation, parameters, status, content) for status, content in ANSWERS]
    json.dump({"calls": done, "modules": sorted(sys.modules)}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
