"""Where tests listen to every attempt of every call to AWS, whoever makes it: botocore, or a signed request of ours."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import local
from typing import Any, TypeAlias
from unittest.mock import patch

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.exceptions import BotoCoreError

from sallyport.aws.by_botocore import session
from sallyport.aws.signed.wire import Answer, Broken, HttpWire
from sallyport.identifiers import new_id

Hears: TypeAlias = Callable[..., AWSResponse | None]
"""Gets `request` and `event_name` ("before-send.dynamodb.Query"), as handlers of botocore's event `before-send` do.

It returns an answer in AWS's place, raises what botocore would, or lets the request pass (None).
"""

_SERVICES = {"DynamoDB_20120810": "dynamodb", "TrentService": "kms"}


@contextmanager
def heard_by(hears: Hears) -> Iterator[None]:
    """Let `hears` hear all that clients of this process send that are made from now on, or are our own."""
    events: Any = session()
    events.register("before-send", hears)
    try:
        with patch.object(HttpWire, "send", _through(hears, HttpWire.send)):
            yield
    finally:
        events.unregister("before-send", hears)


def _through(hears: Hears, send: Callable[..., Answer]) -> Callable[..., Answer]:
    last = local()

    def heard(wire: HttpWire, headers: Mapping[str, str], body: bytes, *, anew: bool) -> Answer:
        if "x-amz-target" not in headers:  # it is not for AWS: the wire's own tests, in the process of an open line
            return send(wire, headers, body, anew=anew)
        if not anew:
            last.invocation = new_id()
        request = as_botocore_has_it(wire.netloc, {**headers, "amz-sdk-invocation-id": last.invocation}, body)
        target, _, operation = headers["x-amz-target"].partition(".")
        try:
            answered = hears(request=request, event_name=f"before-send.{_SERVICES[target]}.{operation}")
        except BotoCoreError as error:
            raise Broken(type(error).__name__) from None
        return send(wire, headers, body, anew=anew) if answered is None else as_we_have_it(answered)

    return heard


def as_botocore_has_it(netloc: str, headers: Mapping[str, str], body: bytes) -> AWSPreparedRequest:
    """Return a request of ours as botocore would hand it to its handlers."""
    return AWSPreparedRequest("POST", f"http://{netloc}/", _headers(headers), body, stream_output=False)


def _headers(headers: Mapping[str, str]) -> Any:
    return HeadersDict(headers)  # what botocore hands over, whatever its types say


def as_we_have_it(answered: AWSResponse) -> Answer:
    headers = {name.lower(): value for name, value in answered.headers.items()}
    return Answer(answered.status_code, headers, answered.content)
