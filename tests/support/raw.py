"""The table as its engine has it, past our own Table: types included, and what no function does."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


def raw_dynamodb(endpoint_url: str | None = None) -> "DynamoDBClient":
    """Return a client of an engine at a URL, or else of the embedded cloud."""
    return _client(endpoint_url or os.environ["AWS_ENDPOINT_URL"])


@cache  # making one takes longer than what most tests ask of it
def _client(url: str) -> "DynamoDBClient":
    return boto3.client("dynamodb", endpoint_url=url)


def every_item(table_name: str, endpoint_url: str | None = None) -> list[dict[str, Any]]:
    pages = raw_dynamodb(endpoint_url).get_paginator("scan").paginate(TableName=table_name, ConsistentRead=True)
    return [dict(item) for page in pages for item in page["Items"]]
