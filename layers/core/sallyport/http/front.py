"""The proxy in front of the API, such as CloudFront: which requests came through it, and from which addresses.

Behind a proxy the address of the connection is the proxy's. The viewer's is in a header, which anybody can send to the
API's own URL. So the header is believed only beside a secret that the proxy adds (docs/behind-cloudfront.md).
"""

import re
from hmac import compare_digest
from ipaddress import IPv6Address, ip_address

from sallyport.errors import FieldError, InvalidRequest, OriginRejected
from sallyport.http.request import Request
from sallyport.values import dataclass, field, replace

ORIGIN_HEADER = "x-sallyport-origin"

_ALWAYS_WITH_PORT = "cloudfront-viewer-address"
_HIGHEST_PORT = 65_535

_BRACKETED = re.compile(r"\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\](?::([0-9]{1,5}))?")
_WITH_PORT = re.compile(r"([0-9A-Fa-f:.]+):([0-9]{1,5})")
_BARE = re.compile(r"([0-9A-Fa-f:.]+)()")  # no `%`: a zone (RFC 4007 s11) says nothing on another machine


@dataclass(frozen=True, slots=True)
class Front:
    """Admits requests that came through the proxy, with the viewer's address for the connection's.

    `address_header` is the lower-case name of the header that holds the address. `secrets` are the values of which the
    proxy sends one.
    """

    address_header: str
    secrets: tuple[str, ...] = field(repr=False)

    def __call__(self, request: Request) -> Request:
        """Return the request from the viewer's address, without the secret. Raises OriginRejected, InvalidRequest."""
        self._require_secret(request.headers.get(ORIGIN_HEADER))
        return replace(
            request,
            source_ip=self._viewer(request.headers.get(self.address_header, "")),
            headers={name: value for name, value in request.headers.items() if name != ORIGIN_HEADER},
        )

    def _require_secret(self, sent: str | None) -> None:
        if sent is None:
            raise OriginRejected("no_origin_secret")
        presented = sent.encode("utf-8", "surrogatepass")
        # All are compared, so that the time does not say which one was right.
        matches = [compare_digest(presented, secret.encode()) for secret in self.secrets]
        if not any(matches):
            raise OriginRejected("wrong_origin_secret")

    def _viewer(self, value: str) -> str:
        try:
            return address_in(value, ends_in_port=self.address_header == _ALWAYS_WITH_PORT)
        except ValueError:
            detail = "This header must hold exactly one IP address."
            raise InvalidRequest([FieldError(self.address_header, "not_an_address", detail)]) from None


def address_in(value: str, *, ends_in_port: bool) -> str:
    """Return the one IP address in `value`, without its port, in its usual form. Raises ValueError.

    CloudFront writes an IPv6 address and a port with a colon between them and no brackets, and `2001:db8::1:443` is an
    address as well. With `ends_in_port` such a value is read as address and port, without it as an address.
    """
    readings = (_WITH_PORT, _BARE) if ends_in_port else (_BARE, _WITH_PORT)
    for reading in (_BRACKETED, *readings):
        found = reading.fullmatch(value)
        if found is None or int(found[2] or 0) > _HIGHEST_PORT:
            continue
        try:
            address = ip_address(found[1])
        except ValueError:
            continue
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return str(mapped or address)
    raise ValueError("not exactly one IP address")
