"""Key rings as one execution environment remembers them."""

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from sallyport.clock import Clock
from sallyport.errors import TokenRejected, Unavailable

REREAD_AFTER_MS = 60_000
RETRY_AFTER_MS = 10_000

_KeyT_co = TypeVar("_KeyT_co", covariant=True)


class Ring(Protocol[_KeyT_co]):
    """One reading of a key ring."""

    @property
    def keys(self) -> Mapping[str, _KeyT_co]: ...


_RingT = TypeVar("_RingT", bound=Ring[object])


class CachedRing(Generic[_RingT]):
    """A ring that is read again every 60 s, and for an unknown `kid` at most once per 10 s.

    A database that is away for a minute must not log everybody out: if a reading fails, the known keys stay good, and
    an unknown `kid` is Unavailable, never invalid.
    """

    def __init__(self, read: Callable[[], _RingT], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._ring: _RingT | None = None
        self._read_at = self._tried_at = 0
        self._failed = False

    def current(self) -> _RingT:
        """Return the ring, read at most 60 s ago if the database allows. Raises Unavailable if it was never read."""
        if self._ring is None:
            return self._reread()
        if self._is_past(self._read_at, REREAD_AFTER_MS) and self._may_retry():
            try:
                return self._reread()
            except Unavailable:
                pass
        return self._ring

    def require(self, kid: str) -> _RingT:
        """Return a ring that has `kid`.

        Raises TokenRejected if there is no such key, Unavailable if that cannot be known.
        """
        ring = self.current()
        if kid not in ring.keys and self._may_retry():
            ring = self._reread()
        if kid in ring.keys:
            return ring
        if self._failed:
            raise Unavailable("keys")
        raise TokenRejected("kid")

    def _reread(self) -> _RingT:
        self._tried_at = self._clock()
        self._failed = True
        ring = self._read()
        self._ring, self._read_at, self._failed = ring, self._tried_at, False
        return ring

    def _may_retry(self) -> bool:
        return self._is_past(self._tried_at, RETRY_AFTER_MS)

    def _is_past(self, since: int, wait: int) -> bool:
        return not 0 <= self._clock() - since < wait  # a clock that was set back counts as time gone by
