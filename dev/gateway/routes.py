"""The routes that only the local server has: its clock and its outbox."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from dev.gateway.events import HttpResponse
from dev.lambda_host.clock import MovableClock
from dev.outbox import Outbox

DevRoutes = Mapping[tuple[str, str], Callable[[bytes], Any]]
"""By method and path. Each takes the body. It returns a response, or what is sent as JSON; ValueError gives advice."""

DEV_PATHS = "/_dev/"
"""What all of them begin with; no other API served here may have such a path."""


def dev_routes(clock: MovableClock, outbox: Outbox) -> DevRoutes:
    def advance(body: bytes) -> dict[str, Any]:
        clock.advance(_advance_seconds(body))
        return {"now": clock() // 1000}

    def mails(_body: bytes) -> dict[str, Any]:
        return outbox.messages()

    def page(_body: bytes) -> HttpResponse:
        return outbox.page()

    return {
        ("POST", "/_dev/clock"): advance,
        ("GET", "/_dev/outbox"): mails,
        ("GET", "/_dev/outbox.html"): page,
    }


def _advance_seconds(body: bytes) -> int:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    seconds = asked.get("advance_seconds") if isinstance(asked, dict) else None
    if type(seconds) is not int:
        raise ValueError('send {"advance_seconds": n}, a whole number of seconds')
    return seconds
