"""GET /orders: return what the access token says about the caller. Tokens hold no roles."""

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]  # every value is a string
    return {"sub": claims["sub"], "sid": claims["sid"], "expires_at": int(claims["exp"])}
