"""Verifying access tokens with what is published."""

from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock
from sallyport.keys.public import PublicKeyRing
from sallyport.keys.ring import CachedRing
from sallyport.settings import AccessTokens, TokenTimes
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules


def public_keys(table: Table, clock: Clock) -> PublicKeyRing:
    return PublicKeyRing(CachedRing(PublishedKeys(table).public_ring, clock))


def time_rules(told: TokenTimes, *, lifetime: int) -> TimeRules:
    return TimeRules(lifetime, told.clock_leeway_seconds, told.tokens_not_before)


def access_verifier(told: AccessTokens, keys: PublicKeyRing, times: TokenTimes) -> AccessTokenVerifier:
    return AccessTokenVerifier(keys, keys, told.audience, time_rules(times, lifetime=told.access_token_seconds))
