"""$connect, $disconnect and every message. Whoever connected is the caller as long as the connection is open."""

import json
from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    if event["requestContext"]["eventType"] != "MESSAGE":
        return {"statusCode": 200}
    caller = event["requestContext"]["authorizer"]  # as the authorizer said at $connect; all values are strings
    told = {"echo": event["body"], "sub": caller["sub"], "roles": caller.get("roles", "").split()}
    return {"statusCode": 200, "body": json.dumps(told)}
