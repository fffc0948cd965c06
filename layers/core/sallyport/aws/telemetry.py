"""Logs and metrics, through Powertools. Nothing secret or personal reaches either."""

import json
import logging
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sallyport.errors import Unavailable
from sallyport.telemetry import Answered

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

_NAMESPACE = "Sallyport"
_FAILED = "failed"

_LONGEST_TEXT = 1024
"""How many characters of a text a line shows. CloudWatch cuts a line of more than 256 KB into several."""

_QUIETED = {"botocore": logging.WARNING, "urllib3": logging.ERROR}
"""Below these levels, libraries log requests and answers whole, or the URLs of requests that they repeat."""


class PowertoolsTelemetry:
    """Implements Telemetry: one JSON line per request, and a count per outcome in CloudWatch's embedded metric format.

    Lines and metrics name their stack, so that two in one account keep apart. Every failure is also counted as `failed`
    of the stack as a whole, whatever function it is of: that is what one alarm for all of them watches.
    EphemeralMetrics, because the ordinary Metrics is shared by the whole process.

    With `seldom` Powertools is loaded for the first line, as suits a function whose usual answer writes none: it takes
    longer than a whole cold start of the authorizer. Without, it is loaded at once, while Lambda starts the function.
    """

    def __init__(self, function: str, level: str, *, stack: str, seldom: bool = False) -> None:
        self._service = f"sallyport.{function}"
        self._level = level
        self._stack = stack
        for library, quiet_level in _QUIETED.items():  # whatever level an operator gives Lambda's own logger
            logging.getLogger(library).setLevel(quiet_level)
        if not seldom:
            _ = self._logger

    @cached_property
    def _logger(self) -> "Logger":
        """The logger. Raises Unavailable if it cannot be loaded: what cannot be logged is not answered."""
        try:
            from aws_lambda_powertools import Logger  # noqa: PLC0415  # see `seldom`
        except Exception as error:  # noqa: BLE001  # whatever its modules raise
            raise Unavailable(f"powertools: {type(error).__name__}") from None
        return Logger(service=self._service, level=self._level, json_serializer=_line, stack=self._stack)

    def answered(self, answered: Answered) -> None:
        """Write the one log line of a request, and count its outcome."""
        line = {
            "route": answered.route,
            "status": answered.status,
            "outcome": answered.outcome,
            "reason": answered.reason,
            "request_id": answered.request_id,
        }
        if answered.trail.sid:
            line["session"] = digest(answered.trail.sid)
        if answered.trail.also:
            line["also"] = list(answered.trail.also)
        words = answered.outcome, *answered.trail.also
        if answered.status >= 500:
            self._logger.error("answered", extra=line)
            self._count(*words, _FAILED, of_stack=True)
        else:
            self._logger.info("answered", extra=line)
            self._count(*words)

    def denied(self, reason: str, request_id: str) -> None:
        """Log a denial of the authorizer, and count it. An allow writes nothing."""
        self._logger.info("denied", extra={"reason": reason, "request_id": request_id})
        self._count("denied")

    def failed(self, reason: str, request_id: str = "") -> None:
        """Log and count the failure of a function that answers no HTTP request."""
        self._logger.error("failed", extra={"reason": reason, "request_id": request_id})
        self._count(_FAILED, of_stack=True)

    def mailed(self, about: str, outcome: str, message_id: str) -> None:
        """Log and count what became of a message of the mail queue."""
        self._logger.info("mail", extra={"about": about, "outcome": outcome, "message_id": message_id})
        self._count(outcome)

    def kept_ring(self, use: str, *, made: int, dropped: int, promoted: bool) -> None:
        """Log what became of a key ring."""
        line = {"use": use, "made": made, "dropped": dropped, "promoted": promoted}
        self._logger.info("kept ring", extra=line)

    def kept_rings(self) -> None:
        """Count that all rings were kept. An alarm watches for days without."""
        self._count("kept_rings", of_stack=True)

    def _count(self, *words: str, of_stack: bool = False) -> None:
        """Count words of this function, and with `of_stack` of its stack as a whole, too."""
        from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit  # noqa: PLC0415  # the logger has them

        metrics = EphemeralMetrics(namespace=_NAMESPACE, service=self._service)
        metrics.add_dimension("stack", self._stack)
        if of_stack:
            metrics.add_dimensions(stack=self._stack)
        for word, times in Counter(words).items():
            metrics.add_metric(name=word, unit=MetricUnit.Count, value=times)
        metrics.flush_metrics()


def _line(record: Mapping[str, Any]) -> str:
    """Return a line as JSON in ASCII: no character of it ends a line, reorders text or speaks to a terminal."""
    shown = {name: value[:_LONGEST_TEXT] if isinstance(value, str) else value for name, value in record.items()}
    return json.dumps(shown, separators=(",", ":"), default=str)


def digest(sid: str) -> str:
    """Return a session's name in the log: 16 hexadecimal digits, from which a `sid` of 128 bits cannot be found.

    What a caller names instead of a session may be any text, even one that is not Unicode.
    """
    return sha256(sid.encode(errors="surrogatepass")).hexdigest()[:16]
