"""Keeping the key rings, as rotate_keys and setup do it."""

from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.signing_keys import SigningKeys
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.key_events import Keeper
from sallyport.clock import Clock
from sallyport.keys.life_cycle import KEEP_REFRESH_KEY_SECONDS, Policy, keep_access_key
from sallyport.telemetry import Telemetry
from sallyport.use_cases.rotate_keys import RotateKeys
from sallyport.wiring import issuing


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.KeyMaking, settings.AccessTokenLife):
    """What decides which keys there are."""


def keeper(told: Settings, table: Table, telemetry: Telemetry, clock: Clock) -> Keeper:
    rotate_keys = RotateKeys(
        policies={
            "access": Policy(told.signing_algorithm, keep_access_key(told.access_token_seconds)),
            "refresh": Policy("HS256", KEEP_REFRESH_KEY_SECONDS),
        },
        store=SigningKeys(table),
        cipher=issuing.cipher(told),
        clock=clock,
    )
    return Keeper(rotate_keys, PublishedKeys(table).record_issuer, telemetry)
