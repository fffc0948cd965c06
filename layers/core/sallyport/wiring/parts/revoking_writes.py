"""The writes that revoke."""

from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import AccessTokenLife, RevocationShards


def build(table: Table, life: AccessTokenLife, config: RevocationShards) -> RevokingWrites:
    return RevokingWrites(table, access_token_seconds=life.access_token_seconds, shards=config.revocation_shards)
