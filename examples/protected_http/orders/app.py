"""GET /orders and GET /orders/{order_id}: return what Sallyport's authorizer says about the caller."""

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = event["requestContext"]["authorizer"]["lambda"]
    return {
        "order_id": event.get("pathParameters", {}).get("order_id"),
        "sub": caller["sub"],
        "roles": caller.get("roles", "").split(),  # only where the revocation mode reads roles
    }
