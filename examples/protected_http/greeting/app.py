"""GET /greeting: a route without an authorizer. The function does not learn who calls."""

from typing import Any


def lambda_handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"greeting": "Hello, whoever you are"}
