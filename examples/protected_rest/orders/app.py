"""GET /orders and GET /orders/{order_id}: return what Sallyport's authorizer says about the caller."""

import json
import os
from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    caller = event["requestContext"]["authorizer"]  # a REST API makes strings of all values
    told = {
        "order_id": (event["pathParameters"] or {}).get("order_id"),
        "sub": caller["sub"],
        "roles": caller.get("roles", "").split(),
    }
    headers = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": os.environ["PAGE_ORIGIN"],  # a REST API adds none to a function's answer
        "Vary": "Origin",
    }
    return {"statusCode": 200, "headers": headers, "body": json.dumps(told)}
