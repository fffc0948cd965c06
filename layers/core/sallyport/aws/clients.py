"""Connections to AWS, and what their failures mean.

They are botocore's own: boto3 adds resources and uploads to S3, which nothing here uses and each cold start would load.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session, get_session

from sallyport.errors import AccessDenied, CallFailed, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_sesv2.client import SESV2Client
    from mypy_boto3_sqs.client import SQSClient

# A call that hangs must fail early enough for the function to answer 503 itself: API Gateway gives an authorizer ten
# seconds, in which up to three calls may hang, and up to five of a login (tests/faults/test_time_limits.py).
# Half a second to connect is enough: TCP repeats a lost first packet only after a whole one.
PATIENCE = Config(
    connect_timeout=0.5,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
)

# A mail whose answer nobody waited for is sent twice. No request waits for this one.
PATIENCE_WITH_SES = PATIENCE.merge(Config(read_timeout=5))


@cache
def session() -> Session:
    """Return the one session of this process. Its clients share credentials and what botocore has read of services."""
    return get_session()


def _client(service: str, patience: Config, endpoint_url: str | None = None) -> object:
    return session().create_client(service, endpoint_url=endpoint_url, config=patience)


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes clients of AWS services, which wait and retry as `patience` says."""

    patience: Config = PATIENCE
    patience_with_ses: Config = PATIENCE_WITH_SES

    def dynamodb(self, endpoint_url: str | None = None) -> "DynamoDBClient":
        return cast("DynamoDBClient", _client("dynamodb", self.patience, endpoint_url))

    def kms(self) -> "KMSClient":
        return cast("KMSClient", _client("kms", self.patience))

    def sqs(self) -> "SQSClient":
        return cast("SQSClient", _client("sqs", self.patience))

    def ses(self) -> "SESV2Client":
        return cast("SESV2Client", _client("sesv2", self.patience_with_ses))


ON_LAMBDA = Clients()
"""What functions use, unless they are told otherwise."""


_ACCESS_DENIED = ("AccessDenied", "AccessDeniedException")


@contextmanager
def failing_closed() -> Iterator[None]:
    """Turn every failure of AWS into Unavailable: CallFailed where the failure has a name.

    Read the response in the block, too: one that cannot be understood, or lacks a member, is such a failure.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        failure = AccessDenied if code in _ACCESS_DENIED else CallFailed
        raise failure(error.operation_name, code) from error
    except BotoCoreError as error:
        raise CallFailed("", type(error).__name__) from error
    except (ResponseParserError, LookupError, TypeError, ValueError, AttributeError) as error:  # what botocore lets out
        raise Unavailable(f"malformed response: {type(error).__name__}") from error
