"""Settings of API Gateway that only setup reads, to name what is wrong before API Gateway meets it.

They stand apart from `settings`, whose parsing they use, because every function would load them when it starts.
"""

import re
from collections.abc import Iterator
from typing import Literal

from sallyport.settings import choice, setting
from sallyport.values import dataclass

HEADERS_OF_OURS = ("authorization", "content-type", "x-sallyport-csrf")
"""What a page may always send to the API, in lower case."""

_OF_PROXIES = ("x-forwarded-for", "forwarded", "x-sallyport-origin")
_HEADER = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_DOMAIN_NAME = re.compile(rf"{_LABEL}([.]{_LABEL})+", re.ASCII)
_LONGEST_DOMAIN_NAME = 253
_CERTIFICATE = re.compile(r"arn:[a-z0-9-]+:acm:(?P<region>[a-z0-9-]+):[0-9]{12}:certificate/[A-Za-z0-9-]+", re.ASCII)


def _page_headers(raw: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in raw.split(","))
    if not all(_HEADER.fullmatch(name) for name in names):
        raise ValueError("must be names of headers such as traceparent, separated by commas")
    never = [name for name in names if name in _OF_PROXIES]
    if never:
        raise ValueError(f"must not name {never[0]}: only a proxy sends it, never a page")
    if len({*names, *HEADERS_OF_OURS}) < len(names) + len(HEADERS_OF_OURS):
        raise ValueError(f"must name each header once, and none of {', '.join(HEADERS_OF_OURS)}: they are allowed")
    return names


def _domain_name(raw: str) -> str:
    if len(raw) > _LONGEST_DOMAIN_NAME or not _DOMAIN_NAME.fullmatch(raw):
        raise ValueError("must be a name such as auth.example.com, in lower case")
    return raw


def _certificate(raw: str) -> str:
    if not _CERTIFICATE.fullmatch(raw):
        raise ValueError("must be the ARN of a certificate in ACM")
    return raw


@dataclass(frozen=True, kw_only=True)
class PageHeaders:
    """Which request headers pages may send beside ours. API Gateway answers their preflights."""

    allowed_headers: tuple[str, ...] = setting(_page_headers, "traceparent,tracestate,baggage,sentry-trace")


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The API's own name, and whether API Gateway's URL is served beside it."""

    domain_name: str | None = setting(_domain_name, None)
    certificate_arn: str | None = setting(_certificate, None)
    hosted_zone_id: str | None = setting(str, None)
    execute_api: Literal["open", "closed"] = choice("open", "closed")
    aws_region: str | None = setting(str, None)

    def contradictions(self) -> Iterator[str]:
        """Without a name nobody could reach a closed API, and a certificate or a zone would serve nothing."""
        if (self.domain_name is None) != (self.certificate_arn is None):
            yield "DOMAIN_NAME and CERTIFICATE_ARN must be set together, or neither of them"
        if self.domain_name is None and self.hosted_zone_id is not None:
            yield "HOSTED_ZONE_ID needs a DOMAIN_NAME, for which a record is made in that zone"
        if self.domain_name is None and self.execute_api == "closed":
            yield "EXECUTE_API=closed needs a DOMAIN_NAME, or nobody could reach the API"
        found = _CERTIFICATE.fullmatch(self.certificate_arn or "")
        if found and self.aws_region not in (None, found["region"]):
            yield f"CERTIFICATE_ARN must be in {self.aws_region}, the API's own Region, not in {found['region']}"
