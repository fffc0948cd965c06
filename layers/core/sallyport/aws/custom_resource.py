"""CloudFormation's custom resource protocol: whatever happens, an answer is put to the URL in the event."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

from sallyport.errors import SallyportError

_TIMEOUT_SECONDS = 10


def respond(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None]) -> None:
    """Run `act` on the resource's properties for Create and Update, and report how it went, whatever it raises.

    Delete always succeeds: the keys belong to the table, which outlives the stack.
    """
    try:
        if event["RequestType"] != "Delete":
            act(event["ResourceProperties"])
    except SallyportError as error:
        _answer(event, "FAILED", error.reason)
    except Exception:  # noqa: BLE001  # the edge: without an answer CloudFormation waits for the whole time-out
        _answer(event, "FAILED", "internal_error")
    else:
        _answer(event, "SUCCESS", "")


def _answer(event: Mapping[str, Any], status: str, reason: str) -> None:
    answer = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The URL is signed for a request without a content type.
    urllib3.request("PUT", event["ResponseURL"], body=json.dumps(answer).encode(), timeout=_TIMEOUT_SECONDS)
