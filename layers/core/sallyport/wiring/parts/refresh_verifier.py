"""Verifying refresh tokens with the keys that sign them."""

from sallyport import settings
from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.public import PublicKeyRing
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.refresh import RefreshTokenVerifier
from sallyport.values import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings(settings.SessionLife, settings.TokenTimes):
    """The settings that decide which refresh tokens are good."""


def build(config: Settings, keys: PrivateKeyRing, public_keys: PublicKeyRing) -> RefreshTokenVerifier:
    rules = TimeRules(config.session_seconds, config.clock_leeway_seconds, config.tokens_not_before)
    return RefreshTokenVerifier(keys, public_keys, rules)
