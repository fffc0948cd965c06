"""Which client makes which call to AWS."""

import os
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from sallyport.aws.calls import Calls, EachByItsOwn
from sallyport.aws.patience import PATIENCE, PATIENCE_WITH_SES, Patience
from sallyport.aws.signed import credentials, endpoint
from sallyport.aws.signed.calls import SignedCalls
from sallyport.aws.signed.wire import HttpWire
from sallyport.values import dataclass

if TYPE_CHECKING:
    from mypy_boto3_sesv2.client import SESV2Client

READS = {"BatchGetItem", "Query", "Decrypt"}
"""What our own signed requests ask. Each may be asked twice without harm, and none writes."""


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes clients of AWS services, which wait and retry as `patience` says."""

    patience: Patience = PATIENCE
    patience_with_ses: Patience = PATIENCE_WITH_SES

    def dynamodb(self, endpoint_url: str | None = None, *, seldom_writes: bool = False) -> Calls:
        """Make a client of DynamoDB. One that `seldom_writes` loads botocore at its first write, another one here.

        Most first requests write, so what they need is loaded before the first: with SnapStart, before the snapshot.
        """
        calls, others_by = self._split("dynamodb", endpoint_url)
        if not seldom_writes:
            others_by()
        return calls

    def kms(self) -> Calls:
        calls, _ = self._split("kms")
        return calls

    def sqs(self) -> Calls:
        return _by_botocore("sqs", self.patience)

    def ses(self) -> "SESV2Client":
        from sallyport.aws import by_botocore  # noqa: PLC0415  # only a function that mails so loads botocore

        client: SESV2Client = by_botocore.client("sesv2", self.patience_with_ses)
        return client

    def _split(self, service: str, endpoint_url: str | None = None) -> tuple[Calls, Callable[[], Calls]]:
        others_by = cache(partial(_by_botocore, service, self.patience, endpoint_url))

        @cache
        def by() -> Calls:
            return signed_calls(service, self.patience, os.environ, endpoint_url) or others_by()

        return EachByItsOwn(READS, by, others_by), others_by


def signed_calls(
    service: str, patience: Patience, environ: Mapping[str, str], endpoint_url: str | None = None
) -> SignedCalls | None:
    """Return a client that signs its own requests, None where only botocore knows how.

    docs/decisions/0013-signed-reads.md says where that is. Look at the environment at the first call, not before: with
    SnapStart another one begins there.
    """
    at = endpoint.resolve(service, environ, endpoint_url)
    source = credentials.find(environ)
    if at is None or source is None:
        return None
    return SignedCalls(service, at.region, source, HttpWire(at, patience, endpoint.ca_bundle(environ)), patience)


def _by_botocore(service: str, patience: Patience, endpoint_url: str | None = None) -> Calls:
    from sallyport.aws import by_botocore  # noqa: PLC0415  # loaded where a call is made that only it makes

    return by_botocore.ByBotocore(by_botocore.client(service, patience, endpoint_url))


ON_LAMBDA = Clients()
"""What functions use, unless they are told otherwise."""
