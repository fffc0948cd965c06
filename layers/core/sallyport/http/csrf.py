"""Cross-site request forgery: browsers send a cookie whatever page caused the request, so it must prove its origin.

SameSite=Strict keeps the cookie out of cross-site requests already. This is the second lock, for browsers and sites
where the first one fails: a header that no form can set and that makes any script ask for permission first (CORS), an
Origin on the operator's list, and `Sec-Fetch-Site`, in which the browser says whether the request is cross-site (Fetch
Metadata).
"""

from collections.abc import Collection

from sallyport.errors import CsrfRejected
from sallyport.http.request import Request
from sallyport.sessions.session import Mode

HEADER = "x-sallyport-csrf"

_NEAR = ("same-origin", "same-site")


def require_page_of_ours(request: Request, allowed_origins: Collection[str]) -> None:
    """Raise CsrfRejected unless a page on the list sent this request."""
    if request.headers.get(HEADER) != "1":
        raise CsrfRejected("header")
    if request.headers.get("origin") not in allowed_origins:  # `null` is never on the list
        raise CsrfRejected("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in _NEAR:
        raise CsrfRejected("site")


def require_page_of_ours_for(mode: Mode, request: Request, allowed_origins: Collection[str]) -> None:
    """Raise CsrfRejected if cookies are asked for, unless a page on the list does."""
    if mode == "cookie":
        require_page_of_ours(request, allowed_origins)
