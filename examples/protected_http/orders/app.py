"""GET /orders and GET /orders/{order_id}: what Sallyport's authorizer says of the caller."""

from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = event["requestContext"]["authorizer"]["lambda"]
    return {
        "order_id": event.get("pathParameters", {}).get("order_id"),
        "sub": caller["sub"],
        "roles": caller.get("roles", "").split(),  # not in every mode: the README's table says in which
    }
