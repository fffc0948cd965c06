"""$connect, $disconnect and every message: who connected stays the caller for as long as the connection is open."""

import json
from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    if event["requestContext"]["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    caller = event["requestContext"]["authorizer"]  # as it was at $connect; every value is a string
    told = {"echo": event["body"], "sub": caller["sub"], "roles": caller.get("roles", "").split()}
    return {"statusCode": 200, "body": json.dumps(told)}
