"""CloudFormation's custom resource protocol: whatever happens, an answer is put to the URL in the event."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import urllib3

from sallyport.errors import SallyportError

_TIMEOUT_SECONDS = 10


class StaleRelease(SallyportError):
    """Something that functions run with has changed, and no new version of them would be published."""

    code = "stale_release"

    def __init__(self) -> None:
        super().__init__("functions would go on running their old version: deploy with `make deploy`")


def respond(event: Mapping[str, Any], act: Callable[[Mapping[str, Any]], None]) -> None:
    """Run `act` on the resource's properties for Create and Update, and report how it went, whatever it raises.

    Delete always succeeds: the keys belong to the table, which outlives the stack.
    """
    try:
        if event["RequestType"] != "Delete":
            _require_new_release(event.get("OldResourceProperties"), event["ResourceProperties"])
            act(event["ResourceProperties"])
    except SallyportError as error:
        _answer(event, "FAILED", error.reason)
    except Exception:  # noqa: BLE001  # the edge: without an answer CloudFormation waits for the whole time-out
        _answer(event, "FAILED", "internal_error")
    else:
        _answer(event, "SUCCESS", "")


def _require_new_release(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    """Raise StaleRelease if properties changed while `Release` did not (docs/decisions/0004-releases.md)."""
    if old is not None and old != new and old.get("Release") == new.get("Release"):
        raise StaleRelease


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
