"""What a stack has left behind: resources that CloudFormation kept when it took them out of the stack."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient


def left_behind(client: "CloudFormationClient", stack_name: str) -> Iterator[tuple[str, str]]:
    """Find the type and the name of each such resource, the last one kept first. Raises ClientError, BotoCoreError."""
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_name):
        for event in page["StackEvents"]:
            if event["ResourceStatus"] == "DELETE_SKIPPED":
                yield event["ResourceType"], event["PhysicalResourceId"]
