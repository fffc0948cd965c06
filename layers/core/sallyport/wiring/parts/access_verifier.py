"""Verifying access tokens with what is published."""

from sallyport.keys.public import PublicKeyRing
from sallyport.settings import AccessTokens, TokenTimes
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules


def build(keys: PublicKeyRing, config: AccessTokens, times: TokenTimes) -> AccessTokenVerifier:
    rules = TimeRules(config.access_token_seconds, times.clock_leeway_seconds, times.tokens_not_before)
    return AccessTokenVerifier(keys, keys, config.audience, rules)
