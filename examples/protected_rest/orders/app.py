"""GET /orders and GET /orders/{order_id}: return what Sallyport's authorizer says about the caller."""

import json
from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = event["requestContext"]["authorizer"]  # a REST API makes strings of all values
    told = {
        "order_id": (event["pathParameters"] or {}).get("order_id"),
        "sub": caller["sub"],
        "roles": caller.get("roles", "").split(),
    }
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(told)}
