"""Which key signs, and when the next one is made: pure functions of (keys, now).

There is no flag that says which key is active, so nobody can set two of them or none.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Use = Literal["access", "refresh"]

ROTATION_SECONDS = 90 * 86_400
PUBLISHED_BEFORE_USE_SECONDS = 2 * 3600  # gateways cache key sets that long


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A private key at rest. `ciphertext` opens only under the encryption context {use, kid}."""

    kid: str
    alg: str
    not_before: int
    created_at: int
    ciphertext: bytes = field(repr=False)


def active(records: Iterable[KeyRecord], *, now: int) -> KeyRecord | None:
    """Find the key that signs at `now`: the newest one whose time has come."""
    started = [record for record in records if record.not_before <= now]
    return max(started, key=lambda record: (record.not_before, record.kid), default=None)


def missing(records: Iterable[KeyRecord], *, now: int) -> list[int]:
    """Say which keys should be made, each by the second from which it signs.

    Where no key is active, one that is active at once; and always one standby, published long before its time.
    """
    known = list(records)
    signing = active(known, now=now)
    since = signing.not_before if signing else now
    standby = [] if any(record.not_before > now for record in known) else [_next_start(since, now)]
    return standby if signing else [now, *standby]


def _next_start(since: int, now: int) -> int:
    return max(since + ROTATION_SECONDS, now + PUBLISHED_BEFORE_USE_SECONDS)
