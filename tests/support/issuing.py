"""Who signs and who checks the tokens of tests, without a table and without KMS."""

from functools import cache

from sallyport.accounts.user import User
from sallyport.keys.key import public_key
from sallyport.sessions.issue import Signer, TokenIssuer
from sallyport.sessions.session import Session
from sallyport.tokens.access import AccessTokenVerifier
from sallyport.tokens.claims import TimeRules
from sallyport.tokens.device import LIFETIME_SECONDS, DeviceTokenVerifier
from sallyport.tokens.refresh import RefreshTokenVerifier
from tests.support.builders import DAY, NOW
from tests.support.tokens import KnownKeys, access_key, made_access_key, refresh_key

ACCESS_TOKEN = 600
ABSOLUTE = 30 * DAY


@cache
def token_issuer() -> TokenIssuer:
    return TokenIssuer(KnownKeys({}), access_key, refresh_key, "sallyport", "app", ACCESS_TOKEN)


@cache
def refresh_token_verifier() -> RefreshTokenVerifier:
    keys = KnownKeys({refresh_key().kid: refresh_key()})
    return RefreshTokenVerifier(keys, keys, TimeRules(ABSOLUTE, 30, 0))


@cache
def device_token_verifier() -> DeviceTokenVerifier:
    keys = KnownKeys({refresh_key().kid: refresh_key()})
    return DeviceTokenVerifier(keys, keys, TimeRules(LIFETIME_SECONDS, 30, 0))


@cache
def access_token_verifier() -> AccessTokenVerifier:
    jwk = made_access_key().jwk
    assert jwk is not None
    keys = KnownKeys({jwk["kid"]: public_key(jwk)})
    return AccessTokenVerifier(keys, keys, "sallyport", TimeRules(ACCESS_TOKEN, 30, 0))


def refresh_token_of(session: Session, gen: int = 1, *, now: int = NOW) -> str:
    return _signer().issue(session, gen, now=now).refresh_token


def device_token_of(user: User, *, now: int = NOW) -> str:
    return _signer().devices.issue(user.user_id, user.token_version, now=now)


def access_token_of(session: Session, *, now: int = NOW) -> str:
    return _signer().issue(session, 1, now=now).access_token


def _signer() -> Signer:
    return token_issuer().signer()
