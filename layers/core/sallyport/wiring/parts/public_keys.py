"""The published keys, and the issuer beside them."""

from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock
from sallyport.keys.public import PublicKeyRing
from sallyport.keys.ring import CachedRing


def build(table: Table, clock: Clock) -> PublicKeyRing:
    return PublicKeyRing(CachedRing(PublishedKeys(table).public_ring, clock))
