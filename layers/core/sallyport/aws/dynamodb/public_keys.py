"""Published keys, and the issuer beside them."""

from collections.abc import Mapping
from typing import Any

from sallyport.aws.dynamodb.table import Item, Key, Table
from sallyport.errors import NoKeysPublished
from sallyport.keys.key import public_key
from sallyport.keys.public import PublicRing

_PARTITION = "JWKS"
_ISSUER = "ISSUER"  # no kid: those are thumbprints of 43 characters


def published_key(kid: str) -> Key:
    return _PARTITION, kid


def published_item(jwk: Mapping[str, Any], not_before: int) -> Item:
    return {"PK": _PARTITION, "SK": jwk["kid"], "jwk": dict(jwk), "not_before": not_before}


class PublishedKeys:
    """The public key items."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def public_ring(self) -> PublicRing:
        """Read what is published. Raises NoKeysPublished while nothing is, Unavailable."""
        items = {item["SK"]: item for item in self._table.partition(_PARTITION)}
        issuer = items.pop(_ISSUER, None)
        if issuer is None or not items:
            raise NoKeysPublished
        jwks = tuple(item["jwk"] for item in items.values())
        return PublicRing(issuer["issuer"], {jwk["kid"]: public_key(jwk) for jwk in jwks}, jwks)

    def record_issuer(self, issuer: str) -> None:
        self._table.put({"PK": _PARTITION, "SK": _ISSUER, "issuer": issuer})
