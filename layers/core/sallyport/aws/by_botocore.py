"""Calls to AWS by botocore: all that write, and all of an operator's.

Load this module only where such a call is made: importing botocore takes longer than all else that a function imports.
boto3 would add resources and uploads to S3, which nothing here uses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session, get_session

from sallyport.aws.calls import CallRefused, Parameters
from sallyport.aws.patience import Patience
from sallyport.errors import AccessDenied, CallFailed, Unavailable


@cache
def session() -> Session:
    """Return the one session of this process. Its clients share credentials and what botocore has read of services."""
    return get_session()


def client(service: str, patience: Patience, endpoint_url: str | None = None) -> Any:
    """Make a client of a service."""
    config = Config(
        connect_timeout=patience.connect_timeout,
        read_timeout=patience.read_timeout,
        retries={"mode": "standard", "total_max_attempts": patience.attempts},
    )
    return session().create_client(service, endpoint_url=endpoint_url, config=config)


class ByBotocore:
    """Makes calls by a client of botocore. Implements Calls."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def call(self, operation: str, request: Parameters) -> Parameters:
        with failing_closed():
            answer: Parameters = getattr(self.client, xform_name(operation))(**request)
            return answer


_ACCESS_DENIED = ("AccessDenied", "AccessDeniedException")


@contextmanager
def failing_closed() -> Iterator[None]:
    """Turn every failure of botocore into Unavailable: CallFailed where the failure has a name.

    Read the response in the block, too: one that cannot be understood, or lacks a member, is such a failure.
    """
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ACCESS_DENIED:
            raise AccessDenied(error.operation_name, code) from error
        raise CallRefused(error.operation_name, code, error.response) from error
    except BotoCoreError as error:
        raise CallFailed("", type(error).__name__) from error
    except (ResponseParserError, LookupError, TypeError, ValueError, AttributeError) as error:  # what botocore lets out
        raise Unavailable(f"malformed response: {type(error).__name__}") from error
