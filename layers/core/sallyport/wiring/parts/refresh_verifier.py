"""Verifying refresh tokens with the keys that sign them."""

from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.public import PublicKeyRing
from sallyport.settings import SessionLife, TokenTimes
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.refresh import RefreshTokenVerifier


def build(
    keys: PrivateKeyRing, public_keys: PublicKeyRing, config: SessionLife, times: TokenTimes
) -> RefreshTokenVerifier:
    rules = TimeRules(config.session_seconds, times.clock_leeway_seconds, times.tokens_not_before)
    return RefreshTokenVerifier(keys, public_keys, rules)
