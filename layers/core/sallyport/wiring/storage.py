"""The table, as every function reaches it."""

from sallyport.aws import clients
from sallyport.aws.dynamodb.table import Table
from sallyport.settings import Common


def open_table(settings: Common) -> Table:
    return Table(clients.dynamodb(settings.dynamodb_endpoint_url), settings.table_name)
