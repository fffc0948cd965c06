"""GET /greeting, an open route: nobody was asked for a token, so nobody knows who calls."""

from typing import Any


def lambda_handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    return {"greeting": "Hello, whoever you are"}
