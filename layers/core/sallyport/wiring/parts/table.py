"""The table."""

from sallyport.aws.clients import Clients
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import Common


def build(config: Common, clients: Clients, *, seldom_writes: bool = False) -> Table:
    """Build the table of a function. One that `seldom_writes` answers its first request sooner, if that only reads."""
    calls = clients.dynamodb(config.dynamodb_endpoint_url, seldom_writes=seldom_writes)
    return Table(calls, config.table_name)
