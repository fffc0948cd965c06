"""Private keys as one execution environment remembers them."""

from sallyport.clock import Clock
from sallyport.errors import Unavailable
from sallyport.keys.life_cycle import KeyRecord, Use, active
from sallyport.keys.ring import CachedRing
from sallyport.keys.signing import SigningKey, signing_key
from sallyport.keys.store import KeyCipher, StoredRing


class PrivateKeyRing:
    """The private ring of one use. A key is opened the first time it is needed, once per execution environment."""

    def __init__(self, use: Use, cached: CachedRing[StoredRing], *, cipher: KeyCipher, clock: Clock) -> None:
        self._use = use
        self._cached = cached
        self._cipher = cipher
        self._clock = clock
        self._opened: dict[str, SigningKey] = {}

    def active(self) -> SigningKey:
        """Return the key that signs now. Raises Unavailable."""
        record = active(self._cached.current().keys.values(), now=self._clock() // 1000)
        if record is None:
            raise Unavailable("no_active_key")
        return self._open(record)

    def get(self, kid: str) -> SigningKey:
        """Return the key of this `kid`. Raises TokenRejected if there is none, Unavailable if that cannot be known."""
        return self._open(self._cached.require(kid).keys[kid])

    def _open(self, record: KeyRecord) -> SigningKey:
        key = self._opened.get(record.kid)
        if key is None:
            secret = self._cipher.decrypt(record.ciphertext, use=self._use, kid=record.kid)
            key = self._opened[record.kid] = signing_key(record.kid, record.alg, secret)
        return key
