"""Issuing tokens, and verifying refresh tokens: everything that opens a private key."""

from functools import partial

from sallyport.aws import clients
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.kms import KmsCipher
from sallyport.clock import Clock
from sallyport.sessions.issue import TokenIssuer
from sallyport.settings import PrivateKeys, Sessions
from sallyport.signing.lifecycle import Use
from sallyport.signing.private_keys import PrivateKeyRing
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.public_keys import PublicKeyRing
from sallyport.tokens.refresh import RefreshTokenVerifier
from sallyport.tokens.ring import CachedRing


def cipher(settings: PrivateKeys) -> KmsCipher:
    return KmsCipher(clients.kms(), settings.kms_key_id)


def private_keys(use: Use, table: Table, opener: KmsCipher, clock: Clock) -> PrivateKeyRing:
    read = partial(SigningKeys(table).private_ring, use)
    return PrivateKeyRing(use, CachedRing(read, clock), opener=opener, clock=clock)


def token_issuer(
    settings: Sessions, names: PublicKeyRing, access: PrivateKeyRing, refresh: PrivateKeyRing
) -> TokenIssuer:
    return TokenIssuer(
        names=names,
        access_key=access.active,
        refresh_key=refresh.active,
        audience=settings.audience,
        client_id=settings.client_id,
        access_token_seconds=settings.access_token_seconds,
    )


def refresh_verifier(settings: Sessions, names: PublicKeyRing, keys: PrivateKeyRing) -> RefreshTokenVerifier:
    times = TimeRules(settings.session_seconds, settings.clock_leeway_seconds, settings.tokens_not_before)
    return RefreshTokenVerifier(keys, names, times)
