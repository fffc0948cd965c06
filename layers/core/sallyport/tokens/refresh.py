"""The refresh token: means something only to Sallyport, and is never stored."""

from typing import TYPE_CHECKING

from sallyport.tokens.claims import Claims, IssuerName, TimeRules
from sallyport.tokens.envelope import VerificationKeys, verified_payload
from sallyport.values import asdict, dataclass

if TYPE_CHECKING:  # what only verifies loads nothing that signs
    from sallyport.keys.signing import SigningKey

TYP = "rt+jwt"


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The claims of a refresh token. Times in seconds since the epoch; `gen` is its number within its session."""

    iss: str
    sub: str
    aud: str
    iat: int
    exp: int
    jti: str
    sid: str
    ver: int
    gen: int


def audience(issuer: str) -> str:
    """Return the audience of a refresh token: the one endpoint that takes it."""
    return f"{issuer}/auth/refresh"


def sign(token: RefreshToken, key: "SigningKey") -> str:
    return key.sign(asdict(token), typ=TYP)


@dataclass(frozen=True, slots=True)
class RefreshTokenVerifier:
    """Checks that a refresh token is authentic and not past its session's absolute end."""

    keys: VerificationKeys
    names: IssuerName
    times: TimeRules

    def verify(self, token: str, *, now: int) -> RefreshToken:
        """Verify `token` as of `now` (seconds). Raises TokenRejected, or Unavailable if its key cannot be looked up."""
        claims = Claims(verified_payload(token, typ=TYP, keys=self.keys))
        iat, exp = claims.times(self.times, now=now)
        issuer = self.names.issuer
        return RefreshToken(
            iss=claims.exactly("iss", issuer),
            sub=claims.identifier("sub"),
            aud=claims.exactly("aud", audience(issuer)),
            iat=iat,
            exp=exp,
            jti=claims.identifier("jti"),
            sid=claims.identifier("sid"),
            ver=claims.integer("ver", at_least=1),
            gen=claims.integer("gen", at_least=1),
        )
