"""Issuing tokens, and verifying refresh tokens: everything that opens a private key."""

from functools import partial

from sallyport.aws import clients
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.kms import KmsCipher
from sallyport.clock import Clock
from sallyport.keys.life_cycle import Use
from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.public import PublicKeyRing
from sallyport.keys.ring import CachedRing
from sallyport.sessions.issue import TokenIssuer
from sallyport.settings import Issuing, PrivateKeys, SessionLife, TokenTimes
from sallyport.tokens.refresh import RefreshTokenVerifier
from sallyport.wiring.verification import time_rules


def cipher(told: PrivateKeys) -> KmsCipher:
    return KmsCipher(clients.kms(), told.kms_key_id)


def private_keys(use: Use, table: Table, cipher: KmsCipher, clock: Clock) -> PrivateKeyRing:
    read = partial(SigningKeys(table).private_ring, use)
    return PrivateKeyRing(use, CachedRing(read, clock), cipher=cipher, clock=clock)


def token_issuer(told: Issuing, names: PublicKeyRing, access: PrivateKeyRing, refresh: PrivateKeyRing) -> TokenIssuer:
    return TokenIssuer(
        names=names,
        access_key=access.active,
        refresh_key=refresh.active,
        audience=told.audience,
        client_id=told.client_id,
        access_token_seconds=told.access_token_seconds,
    )


def refresh_verifier(
    told: SessionLife, names: PublicKeyRing, keys: PrivateKeyRing, times: TokenTimes
) -> RefreshTokenVerifier:
    return RefreshTokenVerifier(keys, names, time_rules(times, lifetime=told.session_seconds))
