"""Verifying access tokens with what is published."""

from sallyport import settings
from sallyport.keys.public import PublicKeyRing
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from sallyport.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings(settings.AccessTokens, settings.TokenTimes):
    """The settings that decide which access tokens are good."""


def build(config: Settings, keys: PublicKeyRing) -> AccessTokenVerifier:
    rules = TimeRules(config.access_token_seconds, config.clock_leeway_seconds, config.tokens_not_before)
    return AccessTokenVerifier(keys, keys, config.audience, rules)
