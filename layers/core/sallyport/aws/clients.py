"""Connections to AWS."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_kms.client import KMSClient

# An API Gateway authorizer has ten seconds and a user has less patience: fail early enough to say so.
_PATIENCE = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
)


def dynamodb(endpoint_url: str | None) -> "DynamoDBClient":
    return boto3.client("dynamodb", endpoint_url=endpoint_url, config=_PATIENCE)


def kms() -> "KMSClient":
    return boto3.client("kms", config=_PATIENCE)
