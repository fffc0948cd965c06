"""The public ring: whose signatures count, and in whose name they are made."""

from collections.abc import Iterable, Mapping
from typing import Any

from sallyport.keys.key import Key
from sallyport.keys.ring import CachedRing
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class PublicRing:
    """One reading of the published keys. `jwks` holds each as it is published."""

    issuer: str
    keys: Mapping[str, Key]
    jwks: tuple[Mapping[str, Any], ...]


class PublicKeyRing:
    """The published keys as one execution environment remembers them."""

    def __init__(self, cached: CachedRing[PublicRing]) -> None:
        self._cached = cached

    @property
    def issuer(self) -> str:
        return self._cached.current().issuer

    @property
    def jwks(self) -> tuple[Mapping[str, Any], ...]:
        return self._cached.current().jwks

    def get(self, kid: str) -> Key:
        """Return the key of this `kid`. Raises TokenRejected if there is none, Unavailable if that cannot be known."""
        return self._cached.require(kid).keys[kid]


def key_set(jwks: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document behind `jwks_uri`, in a stable order."""
    return {"keys": sorted((dict(jwk) for jwk in jwks), key=lambda jwk: str(jwk["kid"]))}
