"""Keeping the key rings, as rotate_keys and setup do it."""

from sallyport import settings
from sallyport.aws.dynamodb.public_keys import PublishedKeys
from sallyport.aws.dynamodb.signing_keys import KeyRings
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.key_events import Keeper
from sallyport.clock import Clock
from sallyport.keys.life_cycle import KEEP_REFRESH_KEY_SECONDS, Policy, keep_access_key
from sallyport.keys.store import KeyCipher
from sallyport.telemetry import Telemetry
from sallyport.use_cases.rotate_keys import RotateKeys
from sallyport.values import dataclass
from sallyport.wiring.parts import audit_trail


@dataclass(frozen=True, kw_only=True)
class Settings(settings.Common, settings.KeyMaking, settings.AccessTokenLife, settings.Audit):
    """The settings that decide which keys there are."""


def build(config: Settings, table: Table, cipher: KeyCipher, telemetry: Telemetry, clock: Clock) -> Keeper:
    rotate_keys = RotateKeys(
        policies={
            "access": Policy(config.signing_algorithm, keep_access_key(config.access_token_seconds)),
            "refresh": Policy("HS256", KEEP_REFRESH_KEY_SECONDS),
        },
        store=KeyRings(table, audit_trail.build(config, table)),
        cipher=cipher,
        clock=clock,
    )
    return Keeper(rotate_keys, PublishedKeys(table).record_issuer, telemetry)
