"""CloudFormation's custom resource protocol: whatever happens, an answer is put to the URL in the event."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

_TIMEOUT_SECONDS = 10


def respond(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None]) -> None:
    """Run `act` on the resource's properties for Create and Update, and report how it went.

    Delete always succeeds: the keys belong to the table, which outlives the stack.
    """
    status, reason = "SUCCESS", ""
    if event["RequestType"] != "Delete":
        try:
            act(event["ResourceProperties"])
        except Exception as error:  # noqa: BLE001  # the edge: without an answer CloudFormation would wait for an hour
            status, reason = "FAILED", f"{type(error).__name__}; the function's log says more"
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
