"""The refresh token that a request presents, and the channel it came through."""

from collections.abc import Collection

from sallyport.errors import AmbiguousCredentials
from sallyport.http import cookies
from sallyport.http.csrf import require_page_of_ours
from sallyport.http.request import Request
from sallyport.sessions.session import Mode
from sallyport.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token as it came, not verified. A session takes it only through its own channel."""

    unverified_token: str = field(repr=False)
    mode: Mode


def presented(request: Request, body_token: str | None, allowed_origins: Collection[str]) -> Presented | None:
    """Return the one refresh token of a request, or None if it has none.

    Raises CsrfRejected for a cookie that no page of ours sent, AmbiguousCredentials for a cookie beside anything else.
    """
    held = cookies.values(request, cookies.REFRESH_TOKEN)
    if not held:
        return Presented(body_token, "body") if body_token is not None else None
    require_page_of_ours(request, allowed_origins)
    has_bearer = request.headers.get("authorization", "").lower().startswith("bearer")
    if len(held) > 1 or body_token is not None or has_bearer:
        raise AmbiguousCredentials
    return Presented(held[0], "cookie")
