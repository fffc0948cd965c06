"""The five events that API Gateway asks an authorizer with, and how it reads the answer to each."""

import json
from typing import Any, TypeAlias

from tests.support.deployed import EVENTS
from tests.support.iam import decision

Event: TypeAlias = dict[str, Any]

SAMPLES = {
    "HTTP API 2.0": "authorizer_allowed",
    "HTTP API 1.0": "authorizer_http_1_0",
    "REST API TOKEN": "authorizer_rest_token",
    "REST API REQUEST": "authorizer_rest_request",
    "WebSocket $connect": "authorizer_websocket_connect",
}
STAGES = {
    "HTTP API 1.0": "arn:aws:execute-api:eu-central-1:123456789012:httpapi456/$default",
    "REST API TOKEN": "arn:aws:execute-api:eu-central-1:123456789012:restapi123/prod",
    "REST API REQUEST": "arn:aws:execute-api:eu-central-1:123456789012:restapi123/prod",
    "WebSocket $connect": "arn:aws:execute-api:eu-central-1:123456789012:socket7890/production",
}
"""The stages of those that are answered with a policy."""


def asked(shape: str, authorization: str) -> Event:
    """Load a sample event with another credential wherever API Gateway would show it."""
    text = (EVENTS / f"{SAMPLES[shape]}.json").read_text()
    assert '"Bearer ACCESS_TOKEN"' in text
    event: Event = json.loads(text.replace('"Bearer ACCESS_TOKEN"', json.dumps(authorization)))
    return event


def allowed(answer: Event, shape: str) -> bool:
    """Read an answer as the gateway of this shape reads it, and accept no third possibility."""
    if shape not in STAGES:
        assert answer["isAuthorized"] in (True, False)
        return answer["isAuthorized"] is True
    effect = decision(answer, f"{STAGES[shape]}/GET/anything")
    assert effect in ("Allow", "Deny")
    return effect == "Allow"
