"""What functions log and count."""

from typing import Protocol

from sallyport.trail import Trail
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the one log line of a request says. `outcome`, and each word of the trail, is counted, too."""

    route: str
    status: int
    outcome: str
    reason: str
    request_id: str
    trail: Trail


class Telemetry(Protocol):
    """Logs and counts. Nothing secret or personal is handed to it, but a session id, which it digests."""

    def answered(self, answered: Answered) -> None:
        """Write the one log line of a request to the API, and count its outcome."""
        ...

    def denied(self, reason: str, request_id: str) -> None:
        """Log and count a denial of the authorizer. An allow writes nothing."""
        ...

    def failed(self, reason: str, request_id: str = "") -> None:
        """Log and count the failure of a function that answers no HTTP request."""
        ...

    def mailed(self, about: str, outcome: str, message_id: str) -> None:
        """Log and count what became of a message of the mail queue. `about` is its purpose, or the kind of notice."""
        ...

    def kept_ring(self, use: str, *, made: int, dropped: int, promoted: bool) -> None:
        """Log what became of a key ring."""
        ...

    def kept_rings(self) -> None:
        """Count that all rings were kept. An alarm watches for days without."""
        ...
