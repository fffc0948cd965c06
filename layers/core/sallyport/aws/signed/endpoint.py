"""Where a service is, as botocore finds it: by a parameter, the environment, or the Region."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

_SUFFIXES = {  # of each partition, by how its Regions begin
    "us-gov-": "amazonaws.com",
    "cn-": "amazonaws.com.cn",
    **dict.fromkeys(("af-", "ap-", "ca-", "eu-", "il-", "me-", "mx-", "sa-", "us-"), "amazonaws.com"),
}
_OTHER_PARTITIONS = ("us-iso", "eu-iso", "eusc-")  # begin like one of those above

_ASK_FOR_OTHERS = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
_OTHER_WAYS_OUT = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_OF_SERVICE = {"dynamodb": "AWS_ENDPOINT_URL_DYNAMODB", "kms": "AWS_ENDPOINT_URL_KMS"}


class Endpoint(NamedTuple):
    """Where requests go. `netloc` is what they call the host."""

    region: str
    is_secure: bool
    host: str
    port: int | None
    netloc: str


def resolve(service: str, environ: Mapping[str, str], url: str | None = None) -> Endpoint | None:
    """Return where a service is, None if only botocore knows: see docs/decisions/0013-signed-reads.md."""
    region = environ.get("AWS_DEFAULT_REGION", "")
    if any(environ.get(name, "").lower() == "true" for name in _ASK_FOR_OTHERS):
        return None
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
        url = url or environ.get(_OF_SERVICE[service]) or environ.get("AWS_ENDPOINT_URL")
    if not url:
        suffix = _suffix(region)
        if suffix is None:
            return None
        url = f"https://{service}.{region}.{suffix}"
    return _at(url, region, environ)


def _suffix(region: str) -> str | None:
    if region.startswith(_OTHER_PARTITIONS) or not region.replace("-", "").isalnum():
        return None
    return next((suffix for prefix, suffix in _SUFFIXES.items() if region.startswith(prefix)), None)


def _at(url: str, region: str, environ: Mapping[str, str]) -> Endpoint | None:
    parts = urlsplit(url)
    is_secure = parts.scheme == "https"
    has_another_way_out = is_secure and any(environ.get(name) for name in _OTHER_WAYS_OUT)
    is_plain = parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    if not region or not parts.hostname or parts.scheme not in ("http", "https") or has_another_way_out or not is_plain:
        return None
    default = 443 if is_secure else 80
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port if parts.port not in (None, default) else None
    return Endpoint(region, is_secure, parts.hostname, parts.port, f"{host}:{port}" if port else host)


def ca_bundle(environ: Mapping[str, str]) -> str | None:
    """Return the file of certificates that endpoints are checked against, None for the system's own."""
    return environ.get("AWS_CA_BUNDLE") or environ.get("REQUESTS_CA_BUNDLE") or None
