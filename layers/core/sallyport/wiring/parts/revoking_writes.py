"""The writes that revoke."""

from dataclasses import dataclass

from sallyport import settings
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table


@dataclass(frozen=True, kw_only=True)
class Settings(settings.AccessTokenLife, settings.RevocationShards):
    """The settings that decide how long an entry is kept, and where."""


def build(config: Settings, table: Table) -> RevokingWrites:
    return RevokingWrites(table, access_token_seconds=config.access_token_seconds, shards=config.revocation_shards)
