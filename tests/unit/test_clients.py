"""What a failure of AWS becomes."""

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from sallyport.aws.by_botocore import failing_closed
from sallyport.aws.dynamodb.table import ConditionFailed
from sallyport.errors import Unavailable

CANARY = "canary"

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": CANARY}}, "GetItem")

FAILURES = [
    (THROTTLED, "GetItem ThrottlingException"),
    (ReadTimeoutError(endpoint_url=CANARY), "ReadTimeoutError"),
    (ResponseParserError(CANARY), "malformed response: ResponseParserError"),
    (KeyError(CANARY), "malformed response: KeyError"),
    (UnicodeDecodeError("utf-8", CANARY.encode(), 0, 1, CANARY), "malformed response: UnicodeDecodeError"),
    (AttributeError(CANARY), "malformed response: AttributeError"),
]


@pytest.mark.parametrize(("failure", "reason"), FAILURES, ids=[reason for _, reason in FAILURES])
def test_a_failure_of_aws_and_an_answer_that_nobody_understands_are_unavailable(
    failure: Exception, reason: str
) -> None:
    with pytest.raises(Unavailable) as raised, failing_closed():
        raise failure

    assert raised.value.reason == reason
    assert CANARY not in str(raised.value)


def test_a_condition_that_failed_is_no_failure_of_aws() -> None:
    with pytest.raises(ConditionFailed), failing_closed():
        raise ConditionFailed(None)
