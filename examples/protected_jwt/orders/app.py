"""GET /orders: what the caller's access token says. Roles are in no token."""

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    claims = event["requestContext"]["authorizer"]["jwt"]["claims"]  # every value is a string
    return {"sub": claims["sub"], "sid": claims["sid"], "expires_at": int(claims["exp"])}
