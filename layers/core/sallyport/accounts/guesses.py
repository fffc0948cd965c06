"""How often a password may be guessed: failures in a row, and how long nobody may guess after each."""

from typing import Protocol

from sallyport.accounts.throttle import Bucket
from sallyport.values import dataclass, field

FREE_FAILURES = 5
"""After so many failures in a row the first wait begins."""

MOST_FAILURES = 100
"""After so many in a row nothing is compared any more, until the counter is cleared."""

LONGEST_WAIT_SECONDS = 900


def seconds_to_wait(failures: int) -> int:
    """Return for how long nobody may guess after so many failures in a row: 1 s after the fifth, then twice as long.

    From `MOST_FAILURES` on it is what a client is told, and no wait helps.
    """
    if failures < FREE_FAILURES:
        return 0
    return min(1 << min(failures - FREE_FAILURES, 16), LONGEST_WAIT_SECONDS)


def key_of_device(jti: str) -> str:
    """Return the key of one device token. What strangers fail at an account does not count for its devices."""
    return f"device:{jti}"


def key_of_session(sid: str) -> str:
    """Return the key of a session, in which a change asks for the password again."""
    return f"session:{sid}"


@dataclass(frozen=True, slots=True)
class Admission:
    """A login that may be tried: a failure of `counter` is reserved, and `account` had a login left.

    Both are keys. A success clears the counter and takes one login from `bucket`, which was to be full at
    `full_at_ms` when it was read.
    """

    account: str = field(repr=False)
    counter: str = field(repr=False)
    bucket: Bucket
    full_at_ms: int


class GuessStore(Protocol):
    """Counts failures in a row. Each method is exact under any number of parallel calls, and raises Unavailable."""

    def reserve(self, key: str, *, now_ms: int) -> int:
        """Count a failure in advance, before anything is compared.

        Return 0, or for how many seconds nobody may guess, having counted nothing.
        """
        ...

    def give_back(self, key: str) -> None:
        """Take a reserved failure back: nothing was compared. The wait that it began stays."""
        ...

    def clear(self, key: str, *, now: int) -> None:
        """Begin anew: the password was right. `now` in seconds."""
        ...
