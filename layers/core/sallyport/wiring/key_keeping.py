"""Keeping the key rings, as rotate_keys and setup do it."""

from dataclasses import dataclass
from typing import cast

from sallyport import settings
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.key_events import Keeper, Telemetry
from sallyport.clock import Clock
from sallyport.signing.lifecycle import Algorithm, Policy, keep_access_key, keep_refresh_key
from sallyport.signing.rotate import Rings
from sallyport.wiring import issuing


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.KeyMaking, settings.AccessTokenLife, settings.SessionLife):
    """What decides which keys there are."""


def keeper(told: Settings, table: Table, telemetry: Telemetry, clock: Clock) -> Keeper:
    rings = Rings(
        policies={
            "access": Policy(cast("Algorithm", told.signing_algorithm), keep_access_key(told.access_token_seconds)),
            "refresh": Policy("HS256", keep_refresh_key(told.session_seconds)),
        },
        store=SigningKeys(table),
        cipher=issuing.cipher(told),
        clock=clock,
    )
    return Keeper(rings, PublishedKeys(table).record_issuer, telemetry)
