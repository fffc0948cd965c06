"""The device token: by it login knows a device that has logged in before. Opens nothing by itself."""

from dataclasses import asdict, dataclass

from sallyport.keys.key import SigningKey

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


def sign(token: DeviceToken, key: SigningKey) -> str:
    return key.sign(asdict(token), typ=TYP)
