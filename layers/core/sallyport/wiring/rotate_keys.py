"""The function that keeps the key rings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from sallyport import settings
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.releases import Releases
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.key_events import KeyEvents
from sallyport.aws.telemetry import PowertoolsTelemetry
from sallyport.clock import system_clock
from sallyport.signing.lifecycle import Algorithm, Policy, keep_access_key, keep_refresh_key
from sallyport.signing.rotate import Rings
from sallyport.wiring import issuing, storage


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.KeyMaking, settings.AccessTokenLife, settings.SessionLife):
    """What rotate_keys is told."""


def build(environ: Mapping[str, str]) -> KeyEvents:
    told = settings.parse(Settings, environ)
    table = storage.open_table(told)
    rings = Rings(
        policies={
            "access": Policy(cast("Algorithm", told.signing_algorithm), keep_access_key(told.access_token_seconds)),
            "refresh": Policy("HS256", keep_refresh_key(told.session_seconds)),
        },
        store=SigningKeys(table),
        cipher=issuing.cipher(told),
        clock=system_clock,
    )
    telemetry = PowertoolsTelemetry("rotate_keys", told.log_level)
    return KeyEvents(rings, told.issuer, PublishedKeys(table).record_issuer, Releases(table), telemetry)
