"""Issuing the pair of tokens that a session's holder gets (RFC 6749 s5.1)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sallyport.accounts.user import User
from sallyport.identifiers import new_id
from sallyport.keys.key import SigningKey
from sallyport.sessions.session import Session
from sallyport.tokens import access, device, refresh


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
    """Knows which keys sign access and refresh tokens, each of its own ring."""

    names: refresh.IssuerName
    access_key: Callable[[], SigningKey]
    refresh_key: Callable[[], SigningKey]
    audience: str
    client_id: str
    access_token_seconds: int

    def signer(self) -> "Signer":
        """Get everything ready that signing needs, before anything is written. Raises Unavailable."""
        return Signer(
            issuer=self.names.issuer,
            access_key=self.access_key(),
            refresh_key=self.refresh_key(),
            audience=self.audience,
            client_id=self.client_id,
            access_token_seconds=self.access_token_seconds,
        )


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs. Needs no I/O, so that nobody's session is written without the tokens that belong to it."""

    issuer: str
    access_key: SigningKey
    refresh_key: SigningKey
    audience: str
    client_id: str
    access_token_seconds: int

    def issue(self, session: Session, gen: int, *, now: int) -> IssuedTokens:
        """Issue an access token and the refresh token of generation `gen`. Neither outlives the session."""
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
            iat=max(now, session.created_at),  # by a clock behind login's, its life would exceed what verifiers allow
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

    def issue_device_token(self, user: User, *, now: int) -> str:
        """Issue the token by which a device that has logged in before is told from a stranger's."""
        token = device.DeviceToken(
            iss=self.issuer,
            sub=user.user_id,
            aud=device.audience(self.issuer),
            iat=now,
            exp=now + device.LIFETIME_SECONDS,
            jti=new_id(),
            ver=user.token_version,
        )
        return device.sign(token, self.refresh_key)
