"""Logs and metrics, through Powertools. Nothing secret or personal reaches either."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

_NAMESPACE = "Sallyport"


class PowertoolsTelemetry:
    """One JSON line per request, and a count per outcome in CloudWatch's embedded metric format.

    EphemeralMetrics, because the ordinary Metrics is shared by the whole process.
    """

    def __init__(self, function: str, level: str) -> None:
        self._function = function
        self._logger = Logger(service=f"sallyport.{function}", level=level)

    def answered(self, route: str, status: int, outcome: str, reason: str, request_id: str) -> None:
        line = {"route": route, "status": status, "outcome": outcome, "reason": reason, "request_id": request_id}
        if status >= 500:
            self._logger.error("answered", extra=line)
        else:
            self._logger.info("answered", extra=line)
        self._count(outcome)

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

    def _count(self, outcome: str) -> None:
        metrics = EphemeralMetrics(namespace=_NAMESPACE, service=f"sallyport.{self._function}")
        metrics.add_metric(name=outcome, unit=MetricUnit.Count, value=1)
        metrics.flush_metrics()
