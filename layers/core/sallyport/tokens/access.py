"""The access token (RFC 9068): verified without I/O, lives minutes."""

from typing import TYPE_CHECKING, Any

from sallyport.keys.key import Key
from sallyport.tokens.claims import Claims, IssuerName, TimeRules
from sallyport.tokens.envelope import VerificationKeys, verified
from sallyport.values import asdict, dataclass

if TYPE_CHECKING:  # what only verifies loads nothing that signs
    from sallyport.keys.signing import SigningKey

TYP = "at+jwt"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The claims of an access token. Times in seconds since the epoch. Anyone can read them: nothing personal."""

    iss: str
    sub: str
    aud: str
    client_id: str
    iat: int
    exp: int
    jti: str
    sid: str
    ver: int
    auth_time: int
    scope: str | None = None


def sign(token: AccessToken, key: "SigningKey") -> str:
    """Return the token as a JWS. A claim that is None is left out."""
    claims: dict[str, Any] = {name: value for name, value in asdict(token).items() if value is not None}
    return key.sign(claims, typ=TYP)


@dataclass(frozen=True, slots=True)
class AccessTokenVerifier:
    """Checks everything about an access token that can be checked without asking whether it was revoked."""

    keys: VerificationKeys
    names: IssuerName
    audience: str
    times: TimeRules

    def verify(self, token: str, *, now: int) -> AccessToken:
        """Verify `token` as of `now` (seconds). Raises TokenRejected, or Unavailable if its key cannot be looked up."""
        return self.verify_by_key(token, now=now)[1]

    def verify_by_key(self, token: str, *, now: int) -> tuple[Key, AccessToken]:
        """Do what `verify` does, and return the key that signed the token, too."""
        key, payload = verified(token, typ=TYP, keys=self.keys)
        claims = Claims(payload)
        iat, exp = claims.times(self.times, now=now)
        return key, AccessToken(
            iss=claims.exactly("iss", self.names.issuer),
            sub=claims.identifier("sub"),
            aud=claims.exactly("aud", self.audience),
            client_id=claims.text("client_id"),
            iat=iat,
            exp=exp,
            jti=claims.identifier("jti"),
            sid=claims.identifier("sid"),
            ver=claims.integer("ver", at_least=1),
            auth_time=claims.integer("auth_time", at_least=1),
            scope=claims.optional_text("scope"),
        )
