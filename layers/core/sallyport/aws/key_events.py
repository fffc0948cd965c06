"""The events of rotate_keys: its daily schedule, and an operator in an emergency."""

from collections.abc import Callable, Mapping
from typing import Any

from sallyport.audit import Cause, by_operator, by_system
from sallyport.aws.event import Event
from sallyport.edge import reported
from sallyport.errors import FieldError, InvalidRequest
from sallyport.http.fields import Fields, fields_of
from sallyport.keys.life_cycle import Use
from sallyport.keys.store import RingChange
from sallyport.telemetry import Telemetry
from sallyport.use_cases.rotate_keys import RotateKeys
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True)
class Keeper:
    """Keeps both rings, and the issuer beside the public keys."""

    rotate_keys: RotateKeys
    record_issuer: Callable[[str], None]
    telemetry: Telemetry

    def keep(self, issuer: str | None, cause: Cause) -> None:
        """Bring both rings to what they need now, and record the issuer if one is given.

        Raises Unavailable, KmsKeyUnusable, KeysSealedElsewhere.
        """
        self.require_kms_key()
        for use in self.rotate_keys.policies:
            self.log(use, self.rotate_keys.keep(use, cause))
        if issuer is not None:
            self.record_issuer(issuer)
        self.telemetry.kept_rings()

    def require_kms_key(self, *, lost: str | None = None) -> None:
        """See that both rings are sealed under the stack's KMS key, or under a lost one, and that KMS seals under it.

        Raises KmsKeyUnusable, KeysSealedElsewhere, Unavailable; SettingsError if the stack's key is said to be lost.
        """
        self.rotate_keys.require_kms_key(lost=lost)

    def forget(self, lost_key: str, cause: Cause) -> None:
        """Drop what a KMS key has sealed that is gone for good. Raises Unavailable."""
        for use in self.rotate_keys.policies:
            self.log(use, self.rotate_keys.forget(use, lost_key, cause))

    def log(self, use: Use, change: RingChange) -> None:
        promoted = change.promote is not None
        self.telemetry.kept_ring(use, made=len(change.add), dropped=len(change.drop), promoted=promoted)


@dataclass(frozen=True, slots=True)
class KeyEvents:
    """The handler of rotate_keys. `issuer` is the configured one, or None.

    It knows three events: the schedule's, `{}`, which does the same, and
    `{"promote": "access" | "refresh", "drop_older": true | false}`, which lets the standby sign at once. An operator
    adds `"operator"`, their ARN, to the last two for the audit trail, which believes it.
    """

    keeper: Keeper
    issuer: str | None
    telemetry: Telemetry

    def __call__(self, event: Event, context: Any) -> dict[str, Any] | None:
        """Do what an event asks. Raises InvalidRequest for any other event, Unavailable, KeysSealedElsewhere."""
        with reported(self.telemetry.failed):
            if not isinstance(event, Mapping):
                raise InvalidRequest([FieldError("event", "wrong_type", "The event must be a JSON object.")])
            request_id = str(context.aws_request_id)
            if event == {} or _is_scheduled(event):
                self.keeper.keep(self.issuer, by_system(request_id))
                return None
            if event.keys() == {"operator"}:
                with fields_of(event, ("operator",)) as fields:
                    cause = _operator(fields, request_id)
                self.keeper.keep(self.issuer, cause)
                return None
            return self._promote(event, request_id)

    def _promote(self, event: Event, request_id: str) -> dict[str, Any]:
        """Promote, and return what was done. A typing error is refused: it must not do a daily run instead."""
        uses: dict[str, Use] = {use: use for use in self.keeper.rotate_keys.policies}
        with fields_of(event, ("promote", "drop_older", "operator")) as fields:
            named, drop_older = fields.text("promote"), fields.flag("drop_older")
            cause = _operator(fields, request_id)
            if named not in uses:
                fields.refuse("promote", "not_allowed", f"This field must be one of: {', '.join(uses)}.")
        use = uses[named]
        change = self.keeper.rotate_keys.promote(use, cause, drop_older=drop_older)
        self.keeper.log(use, change)
        self.keeper.keep(self.issuer, cause)  # the next standby
        return {"signing_from_now_on": change.promote or change.add[0].record.kid, "dropped": list(change.drop)}


def _operator(fields: Fields, request_id: str) -> Cause:
    """Return who says that they invoke the function."""
    named = fields.optional_text("operator") or _NOBODY_SAID
    try:
        return by_operator(named, request_id)
    except ValueError as problem:
        fields.refuse("operator", "not_allowed", f"This field {problem}.")
        return by_system(request_id)  # for nothing: the event is refused


_NOBODY_SAID = "unnamed"

_OF_THE_SCHEDULE = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}


def _is_scheduled(event: Event) -> bool:
    """Tell whether EventBridge Scheduler sent an event, and nobody added to it."""
    return event.get("source") == "aws.scheduler" and event.keys() <= _OF_THE_SCHEDULE
