"""How often something may be tried: buckets that fill again, and allowances that open anew after a day."""

from ipaddress import IPv6Address, ip_address
from typing import Protocol

from sallyport.values import dataclass

_MINUTE = 60
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of `size` tries, one of which comes back every `seconds`. `scope` tells it from others of one key."""

    scope: str
    size: int
    seconds: int

    def empty_for(self, full_at_ms: int, now_ms: int) -> int:
        """Return for how many seconds a bucket that will be full at `full_at_ms` stays empty, 0 if it is not."""
        short_ms = full_at_ms - now_ms - (self.size - 1) * self.seconds * 1000
        return max(0, -(-short_ms // 1000))


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `size` failures in `seconds`, counted from the first one."""

    scope: str
    size: int
    seconds: int


MAIL_TO_ADDRESS = Bucket("mail", 5, 10 * _MINUTE)
"""What one e-mail address may be mailed, whoever asks for it."""

MAIL_FOR_CLIENT = Bucket("mail", 20, _MINUTE)
"""What one client may have mailed."""

CODES_OF_MAILBOX = Allowance("codes", 25, _DAY)
"""How many wrong codes may be typed for one mailbox, over all its mail requests."""


def attempts_of_client(limit: int) -> Bucket:
    """Return the bucket of what one client may try to prove: passwords, links and codes. One comes back a second."""
    return Bucket("attempts", limit, 1)


LOGIN_SCOPE = "login"


def logins_of_account(limit: int) -> Bucket:
    """Return the bucket of how often one account may log in successfully. One comes back every half a minute.

    Without it whoever has an account could fill the table with sessions.
    """
    return Bucket(LOGIN_SCOPE, limit, 30)


def key_of_address(email: str) -> str:
    """Return the key of a canonical e-mail address."""
    return f"email:{email}"


def key_of_client(ip: str) -> str:
    """Return the key of a client. Of IPv6 the network counts (/64), because a single client has as much."""
    try:
        address = ip_address(ip)
    except ValueError:
        return f"ip:{ip}"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return f"ip:{address.ipv4_mapped}"
        return f"ip6:{int(address) >> 64:016x}"
    return f"ip:{address}"


class ThrottleStore(Protocol):
    """Counts tries. Each method is exact under any number of parallel calls, and raises Unavailable."""

    def take(self, key: str, bucket: Bucket, *, now_ms: int) -> int:
        """Take one try of `key`. Return 0, or for how many seconds the bucket stays empty."""
        ...

    def reserve(self, key: str, allowance: Allowance, *, now_ms: int) -> bool:
        """Count a failure in advance. Return False, having counted nothing, if there are as many as are allowed."""
        ...

    def give_back(self, key: str, allowance: Allowance) -> None:
        """Take a reserved failure back: it was none."""
        ...
