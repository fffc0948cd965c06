"""Who sends a request: the claims of the token that the authorizer let pass, and the device."""

from sallyport.errors import TokenRejected
from sallyport.http.request import Request
from sallyport.sessions.session import Device
from sallyport.values import dataclass

_MAX_USER_AGENT = 256


@dataclass(frozen=True, slots=True)
class Caller:
    """What the authorizer has said about the caller: the claims of a token that it let pass."""

    sub: str
    sid: str
    jti: str
    ver: int


def caller_of(request: Request) -> Caller:
    """Return what the authorizer has said. Raises TokenRejected if a part of it is missing."""
    match request.caller:
        case {"sub": str(sub), "sid": str(sid), "jti": str(jti), "ver": int(ver)} if (
            sub and sid and jti and not isinstance(ver, bool)
        ):
            return Caller(sub, sid, jti, ver)
    raise TokenRejected("caller")


def device_of(request: Request) -> Device:
    """Return where a request comes from."""
    return Device(ip=request.source_ip, user_agent=request.user_agent[:_MAX_USER_AGENT])
