"""The token response (RFC 6749 s5.1)."""

from typing import Any

from sallyport.sessions.issue import IssuedTokens


def token_response(tokens: IssuedTokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
        "refresh_expires_in": tokens.refresh_expires_in,
        "session_id": tokens.session_id,
    }
