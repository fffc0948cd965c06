"""Verifying access tokens with what is published."""

from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock
from sallyport.settings import AccessTokens
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.public_keys import PublicKeyRing
from sallyport.tokens.ring import CachedRing


def public_keys(table: Table, clock: Clock) -> PublicKeyRing:
    return PublicKeyRing(CachedRing(PublishedKeys(table).public_ring, clock))


def access_verifier(settings: AccessTokens, keys: PublicKeyRing) -> AccessTokenVerifier:
    times = TimeRules(settings.access_token_seconds, settings.clock_leeway_seconds, settings.tokens_not_before)
    return AccessTokenVerifier(keys, settings.audience, times)
