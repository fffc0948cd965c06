"""What keeps the key rings going: the schedule, the deployment (a custom resource), an operator in an emergency."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sallyport.aws import custom_resource
from sallyport.aws.fields import Fields
from sallyport.errors import SallyportError
from sallyport.signing.lifecycle import Use
from sallyport.signing.rotate import RingChange, Rings

Event = Mapping[str, Any]


class Telemetry(Protocol):
    """Logs and counts."""

    def kept_ring(self, use: str, *, made: int, dropped: int, promoted: bool) -> None: ...

    def failed(self, reason: str) -> None: ...


@dataclass(frozen=True, slots=True)
class KeyEvents:
    """The Lambda handler.

    The issuer is recorded beside the public keys: `issuer` where one is configured, else the one that the deployment
    names. An event `{"promote": "access" | "refresh", "drop_older": true | false}` lets the standby sign at once.
    """

    rings: Rings
    issuer: str | None
    record_issuer: Callable[[str], None]
    telemetry: Telemetry

    def __call__(self, event: Event, _context: Any) -> None:
        if "ResponseURL" in event:
            custom_resource.respond(event, self._deployed)
        elif "promote" in event:
            self._logged(lambda: self._promote(event))
        else:
            self._logged(lambda: self._keep(self.issuer))

    def _deployed(self, properties: Event) -> None:
        self._logged(lambda: self._keep(self.issuer or str(properties["Issuer"])))

    def _keep(self, issuer: str | None) -> None:
        for use in self.rings.policies:
            self._log(use, self.rings.keep(use))
        if issuer is not None:
            self.record_issuer(issuer)

    def _promote(self, event: Event) -> None:
        """Raises InvalidRequest: a typing error must not look like a promotion."""
        fields = Fields(event, ("promote", "drop_older"))
        named, drop_older = fields.text("promote"), fields.flag("drop_older")
        use = next((use for use in self.rings.policies if use == named), None)
        if use is None:
            fields.refuse("promote", "not_allowed", "This field must be one of: access, refresh.")
        fields.done()
        if use is not None:
            self._log(use, self.rings.promote(use, drop_older=drop_older))
        self._keep(self.issuer)  # the next standby

    def _log(self, use: Use, change: RingChange) -> None:
        promoted = change.promote is not None
        self.telemetry.kept_ring(use, made=len(change.add), dropped=len(change.drop), promoted=promoted)

    def _logged(self, act: Callable[[], None]) -> None:
        try:
            act()
        except SallyportError as error:
            self.telemetry.failed(error.reason)
            raise
