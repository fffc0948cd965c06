"""A response, as endpoints make it."""

from collections.abc import Mapping
from typing import Any

from sallyport.trail import NO_TRAIL, Trail
from sallyport.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Response:
    """One response.

    `outcome` is the word for the log and the metric. A mapping is sent as JSON; bytes are sent as they are, as the
    `content-type` that `headers` name.
    """

    status: int
    outcome: str
    body: Mapping[str, Any] | bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    trail: Trail = NO_TRAIL
