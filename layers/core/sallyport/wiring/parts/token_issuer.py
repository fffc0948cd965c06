"""Issuing access and refresh tokens."""

from sallyport.keys.private import PrivateKeyRing
from sallyport.keys.public import PublicKeyRing
from sallyport.sessions.issue import TokenIssuer
from sallyport.settings import Issuing


def build(config: Issuing, public_keys: PublicKeyRing, access: PrivateKeyRing, refresh: PrivateKeyRing) -> TokenIssuer:
    return TokenIssuer(
        names=public_keys,
        access_key=access.active,
        refresh_key=refresh.active,
        audience=config.audience,
        client_id=config.client_id,
        access_token_seconds=config.access_token_seconds,
    )
