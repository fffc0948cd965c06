"""Limit how often one client tries something."""

from sallyport.accounts.throttle import Bucket, ThrottleStore, key_of_client
from sallyport.clock import Clock
from sallyport.errors import TooManyAttempts
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitClient:
    """Takes from a client's bucket. Nothing is given back, whatever comes of the attempt."""

    throttle: ThrottleStore
    bucket: Bucket
    clock: Clock

    def __call__(self, ip: str) -> None:
        """Take one attempt of the client at this address. Raises TooManyAttempts, Unavailable."""
        wait = self.throttle.take(key_of_client(ip), self.bucket, now_ms=self.clock())
        if wait:
            raise TooManyAttempts(wait)
