"""Calls that read, as requests that we sign ourselves. They are tried again as botocore's standard mode would."""

import json
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from zlib import crc32

from sallyport.aws.calls import CallRefused, Parameters, understood
from sallyport.aws.patience import Patience
from sallyport.aws.signed.credentials import Source
from sallyport.aws.signed.signature import signed
from sallyport.aws.signed.wire import Answer, Broken, Wire
from sallyport.errors import AccessDenied, CallFailed

_TARGETS = {"dynamodb": ("DynamoDB_20120810", "1.0"), "kms": ("TrentService", "1.1")}

_LONGEST_NAP = {"dynamodb": 0.025, "kms": 0.05}
_LONGEST_NAP_OF_THE_THROTTLED = 1.0

_THROTTLED = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
_TRANSIENT = {"RequestTimeout", "RequestTimeoutException"}
_TRANSIENT_STATUSES = {500, 502, 503, 504}
_OUT_OF_TIME = {"InvalidSignatureException", "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch"}
_ACCESS_DENIED = {"AccessDenied", "AccessDeniedException"}

_TOLERATED_SKEW = 4 * 60
"""Seconds. AWS takes a signature that is five minutes off."""

_BINARY = {"B", "CiphertextBlob", "Plaintext"}
"""The members that are binary, and base64 on the wire. Elsewhere these names hold no text but an attribute value."""


class _MayPass(Exception):
    """An attempt failed in a way that the next one may not."""

    def __init__(self, failure: CallFailed, longest_nap: float) -> None:
        self.failure = failure
        self.longest_nap = longest_nap


class SignedCalls:
    """Makes calls to DynamoDB or KMS. Implements Calls, for calls that may be made twice."""

    def __init__(
        self,
        service: str,
        region: str,
        credentials: Source,
        wire: Wire,
        patience: Patience,
        *,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.service = service
        self._region = region
        self._credentials = credentials
        self._wire = wire
        self._attempts = patience.attempts
        self._now = now
        self._skew = 0.0

    def call(self, operation: str, request: Parameters) -> Parameters:
        body = json.dumps(request, separators=(",", ":"), default=_base64).encode()
        attempt = 0
        while True:
            try:
                return self._ask(operation, body, anew=attempt > 0)
            except _MayPass as failed:
                attempt += 1
                if attempt == self._attempts:
                    raise failed.failure from None
                time.sleep(failed.longest_nap * os.urandom(1)[0] / 256)

    def _ask(self, operation: str, body: bytes, *, anew: bool) -> Parameters:
        target, version = _TARGETS[self.service]
        headers = {
            "content-type": f"application/x-amz-json-{version}",
            "host": self._wire.netloc,
            "x-amz-target": f"{target}.{operation}",
        }
        now = self._now() + self._skew
        headers = signed(headers, body, self._credentials(), region=self._region, service=self.service, now=now)
        try:
            answer = self._wire.send(headers, body, anew=anew)
        except Broken as broken:
            raise _MayPass(CallFailed("", broken.word), _LONGEST_NAP[self.service]) from None
        if answer.status != 200:
            raise self._failure(operation, answer)
        checksum = str(crc32(answer.body))
        if answer.headers.get("x-amz-crc32", checksum) != checksum:
            raise _MayPass(CallFailed(operation, "ChecksumError"), _LONGEST_NAP[self.service])
        with understood():
            return _read(answer.body)

    def _failure(self, operation: str, answer: Answer) -> Exception:
        word, said = _what_was_wrong(answer)
        if word in _ACCESS_DENIED:
            return AccessDenied(operation, word)
        failure = CallRefused(operation, word, said)
        if word in _THROTTLED:
            return _MayPass(failure, _LONGEST_NAP_OF_THE_THROTTLED)
        if word in _TRANSIENT or answer.status in _TRANSIENT_STATUSES:
            return _MayPass(failure, _LONGEST_NAP[self.service])
        if word in _OUT_OF_TIME and self._has_set_the_clock(answer.headers):
            return _MayPass(failure, 0)
        return failure

    def _has_set_the_clock(self, headers: Mapping[str, str]) -> bool:
        """Sign by AWS's clock from now on, if ours is so wrong that AWS takes no signature. Say whether it is."""
        try:
            skew = parsedate_to_datetime(headers["date"]).timestamp() - self._now()
        except (LookupError, ValueError):
            return False
        is_wrong = abs(skew - self._skew) > _TOLERATED_SKEW
        if is_wrong:
            self._skew = skew
        return is_wrong


def _read(body: bytes) -> dict[str, Any]:
    is_binary = any(f'"{name}":'.encode() in body for name in _BINARY)
    answer = json.loads(body.decode(), object_hook=_with_bytes if is_binary else None)
    if not isinstance(answer, dict):
        raise TypeError
    return answer


def _with_bytes(members: dict[str, Any]) -> dict[str, Any]:
    for name in _BINARY & members.keys():
        if isinstance(members[name], str):
            members[name] = b64decode(members[name], validate=True)
    return members


def _what_was_wrong(answer: Answer) -> tuple[str, Parameters]:
    """Return AWS's word for an error, the status if there is none, and all that was said."""
    try:
        said = _read(answer.body)
    except (ValueError, TypeError, RecursionError):
        said = {}
    word = said.get("__type") or answer.headers.get("x-amzn-errortype") or str(answer.status)
    return str(word).rpartition("#")[2].partition(":")[0], said


def _base64(value: object) -> str:
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} is in no request")
    return b64encode(value).decode()
