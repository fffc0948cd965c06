"""The token response (RFC 6749 s5.1). In cookie mode the refresh token is in a cookie, and only there."""

from typing import Any

from sallyport.http import cookies
from sallyport.http.response import Response
from sallyport.sessions.issue import IssuedTokens
from sallyport.sessions.session import Mode
from sallyport.trail import Trail


def token_response(
    tokens: IssuedTokens, mode: Mode, outcome: str, trail: Trail, *, device_token: str | None = None
) -> Response:
    """Return the response that carries a session's tokens, and perhaps a device token, by the session's channel."""
    body: dict[str, Any] = {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_expires_in": tokens.refresh_expires_in,
        "session_id": tokens.session_id,
    }
    if mode == "body":
        known = {} if device_token is None else {"device_token": device_token}
        return Response(200, outcome, {**body, **known, "refresh_token": tokens.refresh_token}, trail=trail)
    kept = [cookies.keep(cookies.REFRESH_TOKEN, tokens.refresh_token, seconds=tokens.refresh_expires_in)]
    if device_token is not None:
        kept.append(cookies.keep_device(device_token))
    return Response(200, outcome, body, cookies=tuple(kept), trail=trail)
