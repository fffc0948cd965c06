"""The writes that revoke."""

from sallyport import settings
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table
from sallyport.values import dataclass
from sallyport.wiring.parts import audit_trail


@dataclass(frozen=True, kw_only=True)
class Settings(settings.AccessTokenLife, settings.RevocationShards, settings.Audit):
    """The settings that decide how long entries are kept, and where."""


def build(config: Settings, table: Table) -> RevokingWrites:
    return RevokingWrites(
        table,
        audit_trail.build(config, table),
        access_token_seconds=config.access_token_seconds,
        shards=config.revocation_shards,
    )
