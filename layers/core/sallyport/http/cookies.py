"""The cookies of cookie mode (RFC 6265bis): out of scripts' reach, bound to our host by their `__Host-` prefix."""

from sallyport.http.request import Request
from sallyport.tokens.device import LIFETIME_SECONDS

REFRESH_TOKEN = "__Host-refresh_token"  # noqa: S105  # a name
DEVICE_TOKEN = "__Host-sallyport_device"  # noqa: S105  # a name

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"


def values(request: Request, name: str) -> list[str]:
    """Return every value of a cookie. Names are compared exactly: browsers enforce the prefix in this spelling only."""
    pairs = (cookie.split("=", 1) for cookie in request.cookies)
    return [pair[1] for pair in pairs if len(pair) == 2 and pair[0] == name]


def only_value(request: Request, name: str) -> str | None:
    """Return the value of a cookie, or None if there is none or more than one."""
    found = values(request, name)
    return found[0] if len(found) == 1 else None


def keep(name: str, value: str, *, seconds: int) -> str:
    """Return a Set-Cookie header for a token, whose characters need no quoting."""
    return f"{name}={value}; {_ATTRIBUTES}; Max-Age={seconds}"


def keep_device(token: str) -> str:
    """Return a Set-Cookie header for a device token."""
    return keep(DEVICE_TOKEN, token, seconds=LIFETIME_SECONDS)


def clear(name: str) -> str:
    return keep(name, "", seconds=0)
