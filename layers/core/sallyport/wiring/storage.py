"""The table, as every function reaches it."""

from sallyport.aws import clients
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import Common


def open_table(told: Common) -> Table:
    return Table(clients.dynamodb(told.dynamodb_endpoint_url), told.table_name)
