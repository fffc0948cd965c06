"""Answers of AWS that never were on a wire, as handlers of botocore's `before-send` give them."""

from collections.abc import Iterator

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders


class _Raw:
    """A body as urllib3 hands it to botocore."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        yield self._body


def aws_answer(request: AWSPreparedRequest, status: int, headers: HTTPHeaders, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, headers, _Raw(body))
