"""The table."""

from sallyport.aws.clients import Clients
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import Common


def build(config: Common, clients: Clients) -> Table:
    return Table(clients.dynamodb(config.dynamodb_endpoint_url), config.table_name)
