"""The private keys of one use."""

from functools import partial

from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock
from sallyport.keys.life_cycle import Use
from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.ring import CachedRing
from sallyport.keys.store import KeyCipher


def build(use: Use, table: Table, cipher: KeyCipher, clock: Clock) -> PrivateKeyRing:
    read = partial(SigningKeys(table).private_ring, use)
    return PrivateKeyRing(use, CachedRing(read, clock), cipher=cipher, clock=clock)
