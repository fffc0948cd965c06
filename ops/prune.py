"""`make prune`: delete the versions of a stack's functions that no alias points to any more (docs/costs.md).

Every deployment publishes versions, and CloudFormation keeps the old ones.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient
    from mypy_boto3_lambda.client import LambdaClient


class BusyStackError(Exception):
    """The stack is being changed. A version that was just published may not have its alias yet."""


def prune(stack_name: str, cloudformation: "CloudFormationClient", functions: "LambdaClient") -> Iterator[str]:
    """Delete what no alias points to, and yield the ARN of each version that is gone. Raises BusyStackError."""
    (stack,) = cloudformation.describe_stacks(StackName=stack_name)["Stacks"]
    if stack["StackStatus"].endswith("_IN_PROGRESS"):
        raise BusyStackError(f"the stack is {stack['StackStatus']}: wait until that is done")
    for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name):
        for resource in page["StackResourceSummaries"]:
            if resource["ResourceType"] == "AWS::Lambda::Function":
                yield from _prune(resource["PhysicalResourceId"], functions)


def _prune(function: str, functions: "LambdaClient") -> Iterator[str]:
    used = {"$LATEST", *_pointed_to(function, functions)}
    for page in functions.get_paginator("list_versions_by_function").paginate(FunctionName=function):
        for version in page["Versions"]:
            if version["Version"] not in used:
                functions.delete_function(FunctionName=function, Qualifier=version["Version"])
                yield version["FunctionArn"]


def _pointed_to(function: str, functions: "LambdaClient") -> Iterator[str]:
    for page in functions.get_paginator("list_aliases").paginate(FunctionName=function):
        for alias in page["Aliases"]:
            yield alias["FunctionVersion"]
            yield from alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})  # of a canary


def main(arguments: Sequence[str]) -> int:
    """Prune a stack and print what is gone. Return 1 if that failed."""
    parser = argparse.ArgumentParser("python -m ops.prune", description=__doc__)
    parser.add_argument("stack", nargs="?", default="sallyport", help="the name of the stack")
    stack_name = parser.parse_args(arguments).stack
    try:
        session = boto3.Session(region_name=os.environ.get("AWS_REGION"))
        for version in prune(stack_name, session.client("cloudformation"), session.client("lambda")):
            print(f"deleted {version}")
    except (BotoCoreError, ClientError, BusyStackError) as error:
        print(f"Cannot prune {stack_name}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
