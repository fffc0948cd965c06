"""Logs and metrics, through Powertools. Nothing secret or personal reaches either."""

from collections import Counter
from hashlib import sha256

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from sallyport.aws.http import Answered

_NAMESPACE = "Sallyport"


class PowertoolsTelemetry:
    """One JSON line per request, and a count per outcome in CloudWatch's embedded metric format.

    EphemeralMetrics, because the ordinary Metrics is shared by the whole process. `salt` is this stack's own: a session
    has one digest in all functions that name it. Who holds a session id and a log, but not the salt, cannot join them.
    """

    def __init__(self, function: str, level: str, *, salt: str = "") -> None:
        self._function = function
        self._logger = Logger(service=f"sallyport.{function}", level=level)
        self._salt = salt

    def answered(self, answered: Answered) -> None:
        line = {
            "route": answered.route,
            "status": answered.status,
            "outcome": answered.outcome,
            "reason": answered.reason,
            "request_id": answered.request_id,
        }
        if answered.trail.sid:
            line["session"] = digest(answered.trail.sid, salt=self._salt)
        if answered.trail.also:
            line["also"] = list(answered.trail.also)
        if answered.status >= 500:
            self._logger.error("answered", extra=line)
        else:
            self._logger.info("answered", extra=line)
        self._count(answered.outcome, *answered.trail.also)

    def denied(self, reason: str, request_id: str) -> None:
        """Log a denial of the authorizer, and count it. An allow writes nothing."""
        self._logger.info("denied", extra={"reason": reason, "request_id": request_id})
        self._count("denied")

    def failed(self, reason: str, request_id: str = "") -> None:
        """Log that a function without an answer of its own failed, and count it: this is what the alarm watches."""
        self._logger.error("failed", extra={"reason": reason, "request_id": request_id})
        self._count("failed")

    def kept_ring(self, use: str, *, made: int, dropped: int, promoted: bool) -> None:
        """Log what became of a key ring."""
        line = {"use": use, "made": made, "dropped": dropped, "promoted": promoted}
        self._logger.info("kept ring", extra=line)

    def _count(self, *words: str) -> None:
        metrics = EphemeralMetrics(namespace=_NAMESPACE, service=f"sallyport.{self._function}")
        for word, times in Counter(words).items():
            metrics.add_metric(name=word, unit=MetricUnit.Count, value=times)
        metrics.flush_metrics()


def digest(sid: str, *, salt: str) -> str:
    """Name a session in the log: 16 hexadecimal digits that tell sessions apart and cannot be turned back."""
    return sha256(f"{salt}:{sid}".encode()).hexdigest()[:16]
