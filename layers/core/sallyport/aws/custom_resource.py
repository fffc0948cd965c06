"""CloudFormation's custom resource protocol: whatever happens, a response is put to the URL in the event."""

import json
from collections.abc import Callable, Mapping

import urllib3

from sallyport.aws.event import Event
from sallyport.errors import FieldError, InvalidRequest, SallyportError

_TIMEOUT_SECONDS = 10
_REQUESTS = ("Create", "Update", "Delete")
_NAMED = ("ResponseURL", "ResourceType", "LogicalResourceId", "StackId", "RequestId")


def require_request(event: Event, resource_types: tuple[str, ...]) -> None:
    """Raise InvalidRequest unless an event is CloudFormation's request about a resource of one of these types."""
    wrong = [name for name in _NAMED if not isinstance(event.get(name), str)]
    if event.get("RequestType") not in _REQUESTS:
        wrong.append("RequestType")
    if event.get("ResourceType") not in resource_types:
        wrong.append("ResourceType")
    if not isinstance(event.get("ResourceProperties"), Mapping):
        wrong.append("ResourceProperties")
    if wrong:
        detail = "This is no request of CloudFormation's about a resource of this stack."
        raise InvalidRequest([FieldError(name, "not_allowed", detail) for name in dict.fromkeys(wrong)])


def respond(event: Event, act: Callable[[], None]) -> None:
    """Run `act` for Create and Update, and report how it went, whatever it raises.

    Delete always succeeds: the keys belong to the table, which outlives the stack.
    """
    try:
        if event["RequestType"] != "Delete":
            act()
    except Exception as error:  # noqa: BLE001  # the edge: without a response CloudFormation waits for the whole time-out
        _put(event, "FAILED", error.reason if isinstance(error, SallyportError) else "internal_error")
    else:
        _put(event, "SUCCESS", "")


def _put(event: Event, status: str, reason: str) -> None:
    response = {
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    # The URL is signed for a request without a content type.
    urllib3.request("PUT", event["ResponseURL"], body=json.dumps(response).encode(), timeout=_TIMEOUT_SECONDS)
