"""The two custom resources of a deployment: its checks, before any function changes, and its signing keys.

With the keys come the decoys (accounts/decoys.py).
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

from sallyport import settings
from sallyport.audit import by_system
from sallyport.aws import custom_resource, release
from sallyport.aws.key_events import Keeper
from sallyport.aws.release import ReleaseStore
from sallyport.edge import reported
from sallyport.errors import AccessDenied, SettingsError
from sallyport.telemetry import Telemetry
from sallyport.use_cases.keep_decoys import KeepDecoys
from sallyport.values import dataclass, field

CHECKS = "Custom::SallyportChecks"
SIGNING_KEYS = "Custom::SallyportSigningKeys"

LOCAL_STACK = "local"
"""What sam local calls every stack. The template is another one there."""

_ATTEMPTS = 10
_SECONDS_BETWEEN = 3  # half a minute in all: what a role may do may take so long to be known everywhere


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupEvents:
    """The handler of setup.

    `every_setting` is a class of settings (`settings.parse`) that those of a deployment must fit, beside this
    function's own `environ`. `issuer` is the configured one, or None.
    """

    every_setting: type
    environ: Mapping[str, str] = field(repr=False)
    releases: ReleaseStore
    keeper: Keeper
    keep_decoys: KeepDecoys
    issuer: str | None
    telemetry: Telemetry
    sleep: Callable[[float], None] = field(default=time.sleep)

    def __call__(self, event: Mapping[str, Any], _context: Any) -> None:
        """Do what CloudFormation asks and tell it how that went. Raises InvalidRequest for any other event."""
        with reported(self.telemetry.failed):
            custom_resource.require_request(event, (CHECKS, SIGNING_KEYS))
        act = self._check if event["ResourceType"] == CHECKS else self._make_keys

        def attempt() -> None:
            with reported(self.telemetry.failed):
                self._patiently(act, event)

        with reported(self.telemetry.failed):  # the text of urllib3's errors holds the signed URL
            custom_resource.respond(event, attempt)

    def _patiently(self, act: Callable[[Mapping[str, Any]], None], event: Mapping[str, Any]) -> None:
        """Act, again and again while AWS does not know yet that the role is new, or may do more than before."""
        retrying = Retrying(
            retry=retry_if_exception(_is_denial),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_fixed(_SECONDS_BETWEEN),
            sleep=self.sleep,
            reraise=True,
        )
        retrying(act, event)

    def _check(self, event: Mapping[str, Any]) -> None:
        """Raise SettingsError for parameters that contradict each other, StaleRelease for an old release.

        Raises KmsKeyUnusable and KeysSealedElsewhere, too, but not for what was accepted last: that CloudFormation asks
        about where it rolls back what was refused here, and a rollback that fails would leave the stack stuck.
        """
        properties, is_new = event["ResourceProperties"], event["RequestType"] == "Create"
        deployed = properties["Settings"]
        settings.parse(self.every_setting, {**self.environ, **deployed})
        if deployed["STACK_NAME"] == LOCAL_STACK:
            raise SettingsError([f"a stack cannot be called {LOCAL_STACK}: that is what sam local calls its own"])
        if is_new or not release.is_accepted(properties, self.releases):
            self.keeper.require_kms_key(lost=_lost_key(properties))
        release.accept(properties, self.releases, is_new=is_new)

    def _make_keys(self, event: Mapping[str, Any]) -> None:
        properties, cause = event["ResourceProperties"], by_system(event["RequestId"])
        if lost := _lost_key(properties):
            self.keeper.forget(lost, cause)
        self.keeper.keep(self.issuer or str(properties["Issuer"]), cause)
        self.keep_decoys()


def _lost_key(properties: Mapping[str, Any]) -> str | None:
    return properties.get("LostKey") or None


def _is_denial(error: BaseException) -> bool:
    """Return whether AWS refused a call to this function's role."""
    return isinstance(error, AccessDenied) or isinstance(error.__cause__, AccessDenied)
