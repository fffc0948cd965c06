"""What keeps the key rings going: the schedule, the deployment (a custom resource), an operator in an emergency."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from sallyport.aws import custom_resource, release
from sallyport.aws.fields import Fields
from sallyport.aws.http import where
from sallyport.aws.release import ReleaseStore
from sallyport.errors import SallyportError
from sallyport.signing.lifecycle import Use
from sallyport.signing.rotate import RingChange, Rings

Event = Mapping[str, Any]
_Done = TypeVar("_Done")


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
    releases: ReleaseStore
    telemetry: Telemetry

    def __call__(self, event: Event, _context: Any) -> dict[str, Any] | None:
        if "ResponseURL" in event:
            custom_resource.respond(event, partial(self._logged, self._deploy))
            return None
        if "promote" in event:
            return self._logged(self._promote, event)
        return self._logged(self._run_on_schedule, event)

    def _deploy(self, properties: Event) -> None:
        release.accept(properties, self.releases)
        self._keep(self.issuer or str(properties["Issuer"]))

    def _run_on_schedule(self, _event: Event) -> None:
        self._keep(self.issuer)

    def _keep(self, issuer: str | None) -> None:
        for use in self.rings.policies:
            self._log(use, self.rings.keep(use))
        if issuer is not None:
            self.record_issuer(issuer)

    def _promote(self, event: Event) -> dict[str, Any]:
        """Answer what was done. Raises InvalidRequest: a typing error must not look like a promotion."""
        fields = Fields(event, ("promote", "drop_older"))
        named, drop_older = fields.text("promote"), fields.flag("drop_older")
        uses: dict[str, Use] = {use: use for use in self.rings.policies}
        if named not in uses:
            fields.refuse("promote", "not_allowed", f"This field must be one of: {', '.join(uses)}.")
        fields.done()
        use = uses[named]
        change = self.rings.promote(use, drop_older=drop_older)
        self._log(use, change)
        self._keep(self.issuer)  # the next standby
        return {"signing_from_now_on": change.promote or change.add[0].record.kid, "dropped": list(change.drop)}

    def _log(self, use: Use, change: RingChange) -> None:
        promoted = change.promote is not None
        self.telemetry.kept_ring(use, made=len(change.add), dropped=len(change.drop), promoted=promoted)

    def _logged(self, act: Callable[[Event], _Done], event: Event) -> _Done:
        try:
            return act(event)
        except SallyportError as error:
            self.telemetry.failed(error.reason)
            raise
        except Exception as error:
            self.telemetry.failed(where(error))
            raise
