"""Keep decoys: see that they are there, and as expensive as a user's account."""

import secrets

from sallyport.accounts.decoys import DecoyStore
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.password import normal
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepDecoys:
    """Makes the decoys that are missing, that somebody changed, or whose hash has another release's parameters."""

    store: DecoyStore
    passwords: Passwords

    def __call__(self) -> int:
        """Return how many decoys were made anew. Raises Unavailable.

        Those of one run share the hash of one random password, which nobody ever sees. A login never compares
        anything with it: it is there to be read.
        """
        wanting = self.store.wanting(self.passwords.is_current)
        if wanting:
            self.store.put(wanting, self.passwords.hash(normal(secrets.token_urlsafe(32))))
        return len(wanting)
