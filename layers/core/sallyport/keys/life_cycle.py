"""Which key signs, when the next one is made and when an old one goes: pure functions of (keys, now).

No flag says which key is active, so there are never two of them or none.

A key is a *standby* until its `not_before`; then it signs until the next one's `not_before`; then it is *superseded*,
and stays published for as long as a token that it signed could still be presented.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Literal

from sallyport.values import dataclass, field

Use = Literal["access", "refresh"]
Algorithm = Literal["RS256", "ES256", "HS256"]

ROTATION_SECONDS = 90 * 86_400
PUBLISHED_BEFORE_USE_SECONDS = 2 * 3600  # gateways cache key sets that long
NEXT_STANDBY_SECONDS = 26 * 3600  # before a standby takes over, the next is made: a daily run cannot miss that

_SLACK_SECONDS = 600  # execution environments still sign with a ring read a minute ago, and clocks differ

KEEP_REFRESH_KEY_SECONDS = 400 * 86_400 + _SLACK_SECONDS
"""For how long a superseded refresh key is needed.

No session lives longer than 400 days, whatever the settings were when it began, and no device token longer than 30.
"""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A private key at rest. `not_before` and `created_at` in seconds since the epoch.

    `ciphertext` opens only under the encryption context {use, kid}. `sealed_under` names the KMS key that seals it,
    None where that was not noted yet.
    """

    kid: str
    alg: Algorithm
    not_before: int
    created_at: int
    ciphertext: bytes = field(repr=False)
    sealed_under: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How one ring is kept. `keep_seconds`: for how long a superseded key must still be known."""

    alg: Algorithm
    keep_seconds: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What a ring needs: keys to make, each by the second from which it signs, and kids to drop."""

    make: tuple[int, ...] = ()
    drop: tuple[str, ...] = ()


def keep_access_key(access_token_seconds: int) -> int:
    """Return for how many seconds a superseded access key stays published: gateways keep a key set for two hours."""
    return max(PUBLISHED_BEFORE_USE_SECONDS, access_token_seconds) + _SLACK_SECONDS


def active(records: Iterable[KeyRecord], *, now: int) -> KeyRecord | None:
    """Return the key that signs at `now`: the newest whose `not_before` has passed. None only for an empty ring.

    By a clock that is behind the first key's `not_before`, that key signs.
    """
    known = _by_age(records)
    started = [record for record in known if record.not_before <= now]
    return started[-1] if started else next(iter(known), None)


def plan(records: Iterable[KeyRecord], *, now: int, policy: Policy) -> Plan:
    """Return what a ring needs at `now`.

    With days instead of seconds, and no algorithm changed:

        day 0    empty: make A, which signs at once, and B, which signs from day 90
        day 89   B takes over within 26 hours: make C, which signs from day 180
        day 90   B signs; A is superseded, and dropped `keep_seconds` later
        day 179  make D, and so on

    A standby is always published two hours before it signs. With another algorithm in the policy, a key of that
    algorithm takes over in two hours, and a standby of the old one is dropped: it has never signed.
    """
    known = _by_age(records)
    signing = active(known, now=now)
    if signing is None:
        return Plan(make=(now, now + ROTATION_SECONDS))
    standbys = [record for record in known if record.not_before > now and record is not signing]
    obsolete = [record for record in standbys if record.alg != policy.alg]
    retired = [record for record, successor in pairwise(known) if successor.not_before + policy.keep_seconds <= now]
    drop = tuple(record.kid for record in (*retired, *obsolete))
    last = next((record for record in reversed(known) if record not in obsolete), signing)
    soonest = now + PUBLISHED_BEFORE_USE_SECONDS
    if last.alg != policy.alg:
        return Plan(make=(soonest,), drop=drop)
    if last.not_before > now + NEXT_STANDBY_SECONDS:
        return Plan(drop=drop)
    return Plan(make=(max(last.not_before + ROTATION_SECONDS, soonest),), drop=drop)


def standby(records: Iterable[KeyRecord], *, now: int) -> KeyRecord | None:
    """Return the key that an emergency promotes: the next one in line. None if there is none."""
    known = _by_age(records)
    signing = active(known, now=now)
    return next((record for record in known if record.not_before > now and record is not signing), None)


def _by_age(records: Iterable[KeyRecord]) -> list[KeyRecord]:
    return sorted(records, key=lambda record: (record.not_before, record.kid))
