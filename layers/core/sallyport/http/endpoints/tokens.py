"""The token response (RFC 6749 s5.1). In cookie mode the refresh token is in a cookie, and only there."""

from collections.abc import Mapping
from typing import Any

from sallyport.http import cookies
from sallyport.http.response import Response
from sallyport.sessions.issue import IssuedTokens
from sallyport.sessions.session import Mode
from sallyport.trail import Trail


def token_response(
    tokens: IssuedTokens,
    mode: Mode,
    outcome: str,
    trail: Trail,
    *,
    more: Mapping[str, Any] | None = None,
    beside: tuple[str, ...] = (),
) -> Response:
    """Return the response that carries tokens, by their session's channel.

    `more` goes into the body, `beside` are further cookies.
    """
    body = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_expires_in": tokens.refresh_expires_in,
        "session_id": tokens.session_id,
        **(more or {}),
    }
    if mode == "body":
        return Response(200, outcome, {**body, "refresh_token": tokens.refresh_token}, cookies=beside, trail=trail)
    cookie = cookies.keep(cookies.REFRESH_TOKEN, tokens.refresh_token, seconds=tokens.refresh_expires_in)
    return Response(200, outcome, body, cookies=(cookie, *beside), trail=trail)
