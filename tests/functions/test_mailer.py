"""The mailer: batches of the queue's messages, each of which succeeds or fails by itself."""

import json
from typing import Any

import boto3
import pytest

from sallyport.identifiers import new_id
from tests.support.builders import a_user
from tests.support.deployed import Stack
from tests.support.wire import Wire


def message(**changes: Any) -> str:
    """Return a message as `register` writes it."""
    body = {
        "purpose": "verify_email",
        "email": a_user().email,
        "request": new_id(),
        "requested_at": 0,
        "language": "en",
        "subject": None,
    }
    return json.dumps({**body, **changes})


def batch(*bodies: str) -> dict[str, Any]:
    return {"Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]}


def failed(answer: Any) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("broken", [
    "", "{", "[]", "null", "{}", '{"purpose": "verify_email"}', '{"kind": "password_reset"}', '{"kind": 7}',
    message(subject={"user_id": "u"}), message(subject=7), message(purpose="confirm_everything"), message(purpose=[]),
    '{"kind": "account_sold", "email": "a@example.com", "at": 0, "language": "en"}',
])  # fmt: skip
def test_a_message_that_cannot_be_understood_fails_alone(
    stack: Stack, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = (a_user().email for _ in range(2))
    good = [message(email=email, requested_at=stack.now) for email in (one, other)]
    caplog.clear()

    answer = stack.invoke("Mailer", batch(good[0], broken, good[1]))

    assert failed(answer) == ["1"]
    assert [record.__dict__.get("outcome") for record in caplog.records] == ["mailed", None, "mailed"]
    assert [len(stack.mails_to(email)) for email in (one, other)] == [1, 1]


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem"])
def test_a_message_that_meets_a_failure_comes_again_and_is_mailed_then(
    stack: Stack, wire: Wire, operation: str
) -> None:
    email = a_user().email
    asked = message(email=email, requested_at=stack.now)
    wire.refuse(operation)

    assert failed(stack.invoke("Mailer", batch(asked))) == ["0"]

    wire.reset()
    assert failed(stack.invoke("Mailer", batch(asked))) == []
    assert len(stack.mails_to(email)) == 1


def test_members_of_a_newer_version_are_ignored(stack: Stack) -> None:
    email = a_user().email

    answer = stack.invoke("Mailer", batch(message(email=email, requested_at=stack.now, priority="high")))

    assert failed(answer) == []
    assert len(stack.mails_to(email)) == 1


def test_what_waits_in_the_queue_opens_nothing(stack: Stack) -> None:
    email = a_user().email
    asked = stack.post("/auth/register", {"email": email}, ip="198.51.100.77")
    queue = boto3.client("sqs")
    waiting = queue.receive_message(QueueUrl=stack.deployment.mail.url, MaxNumberOfMessages=10, VisibilityTimeout=0)[
        "Messages"
    ]

    (body,) = [json.loads(each["Body"]) for each in waiting if email in each["Body"]]

    assert body == {
        "purpose": "verify_email",
        "email": email,
        "request": asked.body["request"],
        "requested_at": body["requested_at"],
        "language": "en",
        "subject": None,
    }
    stack.mails_to(email)


def test_no_line_of_the_log_names_an_address_or_a_request(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    email, request = a_user().email, new_id()

    stack.invoke("Mailer", batch(message(email=email, request=request, requested_at=stack.now)))

    (line,) = [record for record in caplog.records if record.message == "mail"]
    assert email not in str(vars(line))
    assert request not in str(vars(line))
