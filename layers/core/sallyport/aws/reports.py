"""Events on the account's default bus in EventBridge, for operators to act on (docs/refresh.md)."""

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from sallyport.aws.clients import failing_closed
from sallyport.errors import Unavailable
from sallyport.sessions.session import Session

if TYPE_CHECKING:
    from mypy_boto3_events.client import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

SOURCE = "sallyport"
SESSION_REPLAYED = "sallyport.session.replayed"


class ReplayReports:
    """Sends `sallyport.session.replayed` in the name of a stack. Connects only when there is something to send."""

    def __init__(self, connect: Callable[[], "EventBridgeClient"], stack: str) -> None:
        self._client = cache(connect)
        self._stack = stack

    def replayed(self, session: Session, *, now_ms: int) -> None:
        """Send the event. It names the user by id only; the receiver reads the table for more. Raises Unavailable."""
        detail = {"stack": self._stack, "sub": session.user_id, "sid": session.sid, "replayed_at": now_ms // 1000}
        entry: PutEventsRequestEntryTypeDef = {
            "Source": SOURCE,
            "DetailType": SESSION_REPLAYED,
            "Detail": json.dumps(detail),
        }
        with failing_closed():
            failed = self._client().put_events(Entries=[entry])["FailedEntryCount"]
        if failed:
            raise Unavailable("PutEvents")
