"""The device token: by it login knows a device that has logged in before. Opens nothing by itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sallyport.identifiers import new_id
from sallyport.tokens.claims import Claims, IssuerName, TimeRules
from sallyport.tokens.envelope import VerificationKeys, verified_payload
from sallyport.values import asdict, dataclass

if TYPE_CHECKING:  # what only verifies loads nothing that signs
    from sallyport.keys.signing import SigningKey

TYP = "dt+jwt"
LIFETIME_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class DeviceToken:
    """The claims of a device token. Times in seconds since the epoch. Void once the user's version has moved."""

    iss: str
    sub: str
    aud: str
    iat: int
    exp: int
    jti: str
    ver: int


def audience(issuer: str) -> str:
    """Return the audience of a device token: the one endpoint that takes it."""
    return f"{issuer}/auth/login"


@dataclass(frozen=True, slots=True)
class DeviceSigner:
    """Signs device tokens without I/O."""

    issuer: str
    key: "SigningKey"

    def issue(self, user_id: str, ver: int, *, now: int) -> str:
        """Return a token by which login knows this device again, while the user's token version is `ver`."""
        token = DeviceToken(
            iss=self.issuer,
            sub=user_id,
            aud=audience(self.issuer),
            iat=now,
            exp=now + LIFETIME_SECONDS,
            jti=new_id(),
            ver=ver,
        )
        return self.key.sign(asdict(token), typ=TYP)


@dataclass(frozen=True, slots=True)
class DeviceTokens:
    """Issues device tokens with the active refresh key."""

    names: IssuerName
    refresh_key: Callable[[], "SigningKey"]

    def signer(self) -> DeviceSigner:
        """Return a signer that needs no more I/O. Raises Unavailable, before anything is written."""
        return DeviceSigner(self.names.issuer, self.refresh_key())


@dataclass(frozen=True, slots=True)
class DeviceTokenVerifier:
    """Checks that a device token is authentic and not expired. `times.lifetime` is LIFETIME_SECONDS."""

    keys: VerificationKeys
    names: IssuerName
    times: TimeRules

    def verify(self, token: str, *, now: int) -> DeviceToken:
        """Verify `token` as of `now` (seconds). Raises TokenRejected, or Unavailable if its key cannot be looked up."""
        claims = Claims(verified_payload(token, typ=TYP, keys=self.keys))
        iat, exp = claims.times(self.times, now=now)
        issuer = self.names.issuer
        return DeviceToken(
            iss=claims.exactly("iss", issuer),
            sub=claims.identifier("sub"),
            aud=claims.exactly("aud", audience(issuer)),
            iat=iat,
            exp=exp,
            jti=claims.identifier("jti"),
            ver=claims.integer("ver", at_least=1),
        )
