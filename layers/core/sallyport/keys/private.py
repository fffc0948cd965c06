"""Private keys as one environment remembers them."""

from typing import Protocol

from sallyport.clock import Clock
from sallyport.errors import Unavailable
from sallyport.keys.key import SigningKey, signing_key
from sallyport.keys.life_cycle import KeyRecord, Use, active
from sallyport.keys.ring import CachedRing
from sallyport.use_cases.rotate_keys import StoredRing


class Opener(Protocol):
    """Opens sealed private keys."""

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes: ...


class PrivateKeyRing:
    """The ring of one use. A key is opened the first time it is needed, once per environment."""

    def __init__(self, use: Use, cached: CachedRing[StoredRing], *, opener: Opener, clock: Clock) -> None:
        self._use = use
        self._cached = cached
        self._opener = opener
        self._clock = clock
        self._opened: dict[str, SigningKey] = {}

    def active(self) -> SigningKey:
        """Answer the key that signs now. Raises Unavailable."""
        record = active(self._cached.current().keys.values(), now=self._clock() // 1000)
        if record is None:
            raise Unavailable("no_active_key")
        return self._open(record)

    def get(self, kid: str) -> SigningKey:
        """Find a key that may have signed a token. Raises InvalidToken if there is no such key, or Unavailable."""
        return self._open(self._cached.require(kid).keys[kid])

    def _open(self, record: KeyRecord) -> SigningKey:
        key = self._opened.get(record.kid)
        if key is None:
            secret = self._opener.decrypt(record.ciphertext, use=self._use, kid=record.kid)
            key = self._opened[record.kid] = signing_key(record.kid, record.alg, secret)
        return key
