"""The table, and the writes that revoke, as functions make them."""

from typing import Protocol

from sallyport.aws import clients
from sallyport.aws.dynamodb.revoking import RevokingWrites
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import Common


class _Revoking(Protocol):
    @property
    def access_token_seconds(self) -> int: ...

    @property
    def revocation_shards(self) -> int: ...


def open_table(told: Common) -> Table:
    return Table(clients.dynamodb(told.dynamodb_endpoint_url), told.table_name)


def revoking_writes(told: _Revoking, table: Table) -> RevokingWrites:
    return RevokingWrites(table, access_token_seconds=told.access_token_seconds, shards=told.revocation_shards)
