"""The function that makes keys: on a schedule, and at deployment as a custom resource that also records the issuer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sallyport import settings
from sallyport.aws import custom_resource
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.errors import Unavailable
from sallyport.signing.lifecycle import Use
from sallyport.signing.make import NewKey, new_access_key, new_refresh_key
from sallyport.signing.rotate import make_missing_keys
from sallyport.wiring import issuing, storage

_KINDS: tuple[tuple[Use, Callable[[], NewKey]], ...] = (("access", new_access_key), ("refresh", new_refresh_key))


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.KeyMaking):
    """What rotate_keys is told."""


def build(environ: Mapping[str, str]) -> Callable[[Mapping[str, Any], Any], None]:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    published, store = PublishedKeys(table), SigningKeys(table)
    cipher = issuing.cipher(told)
    telemetry = PowertoolsTelemetry("rotate_keys", told.log_level)

    def set_up(issuer: str | None) -> None:
        for use, make in _KINDS:
            count = make_missing_keys(use, make, store=store, cipher=cipher, clock=system_clock)
            telemetry.made_keys(use, count)
        if issuer is not None:
            published.record_issuer(issuer)

    def logged(issuer: str | None) -> None:
        try:
            set_up(issuer)
        except Unavailable as error:
            telemetry.failed(error.reason)
            raise

    def handler(event: Mapping[str, Any], _context: Any) -> None:
        if "ResponseURL" in event:
            custom_resource.respond(event, lambda properties: logged(told.issuer or properties["Issuer"]))
        else:
            logged(told.issuer)

    return handler
