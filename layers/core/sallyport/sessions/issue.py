"""Issuing the pair of tokens that a session's holder gets (RFC 6749 s5.1)."""

from collections.abc import Callable

from sallyport.identifiers import new_id
from sallyport.keys.signing import SigningKey
from sallyport.sessions.session import Session
from sallyport.tokens import access, refresh
from sallyport.tokens.claims import IssuerName
from sallyport.tokens.device import DeviceSigner
from sallyport.values import dataclass, field


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """A pair of tokens and their lives in seconds."""

    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_expires_in: int
    session_id: str


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Signs access and refresh tokens, each with the active key of its own ring."""

    names: IssuerName
    access_key: Callable[[], SigningKey]
    refresh_key: Callable[[], SigningKey]
    audience: str
    client_id: str
    access_token_seconds: int

    def signer(self) -> "Signer":
        """Return a signer that needs no more I/O. Raises Unavailable, before anything is written."""
        issuer, refresh_key = self.names.issuer, self.refresh_key()
        return Signer(
            issuer=issuer,
            access_key=self.access_key(),
            refresh_key=refresh_key,
            devices=DeviceSigner(issuer, refresh_key),
            audience=self.audience,
            client_id=self.client_id,
            access_token_seconds=self.access_token_seconds,
        )


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs without I/O, so that no session is written whose tokens cannot be made."""

    issuer: str
    access_key: SigningKey
    refresh_key: SigningKey
    devices: DeviceSigner
    audience: str
    client_id: str
    access_token_seconds: int

    def issue(self, session: Session, gen: int, *, now: int) -> IssuedTokens:
        """Return an access token and the refresh token of generation `gen`. Neither outlives the session."""
        expires_at = min(now + self.access_token_seconds, session.ends_at)
        access_token = access.AccessToken(
            iss=self.issuer,
            sub=session.user_id,
            aud=self.audience,
            client_id=self.client_id,
            iat=now,
            exp=expires_at,
            jti=new_id(),
            sid=session.sid,
            ver=session.ver,
            auth_time=session.auth_time,
        )
        refresh_token = refresh.RefreshToken(
            iss=self.issuer,
            sub=session.user_id,
            aud=refresh.audience(self.issuer),
            # The clock of login may have been ahead of this one. An `iat` before `created_at` would make `exp - iat`
            # more than the allowed lifetime, and verifiers would refuse the token.
            iat=max(now, session.created_at),
            exp=session.expires_at,
            jti=new_id(),
            sid=session.sid,
            ver=session.ver,
            gen=gen,
        )
        return IssuedTokens(
            access_token=access.sign(access_token, self.access_key),
            expires_in=expires_at - now,
            refresh_token=refresh.sign(refresh_token, self.refresh_key),
            refresh_expires_in=session.ends_at - now,
            session_id=session.sid,
        )
