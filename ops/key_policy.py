"""Print the policy for a KMS key that a stack takes up: `python -m ops.key_policy STACK KEY_ARN` (docs/recovery.md).

It allows what template.yaml allows to the roles of the stack. CloudFormation gives these a random ending, and they may
not exist yet. So it knows them by the rest of their names.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from dev.sam.template import REGION, as_cloudformation

LONGEST_STACK_NAME = 36
"""CloudFormation shortens the name of a role that would get longer than 64 characters."""

_ARN = re.compile(r"arn:(?P<partition>[a-z0-9-]+):kms:[a-z0-9-]+:(?P<account>[0-9]{12}):key/[A-Za-z0-9-]+")


def key_policy(stack_name: str, key_arn: str) -> dict[str, Any]:
    """Return the policy. Raises ValueError for what is no key's ARN, or too long a name."""
    found = _ARN.fullmatch(key_arn)
    if found is None:
        raise ValueError(f"{key_arn} is not the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID")
    if len(stack_name) > LONGEST_STACK_NAME:
        raise ValueError(f"a stack with an existing key has a name of {LONGEST_STACK_NAME} characters at most")
    partition, account = found["partition"], found["account"]
    described = as_cloudformation()[0]["Resources"]["SigningKey"]["Properties"]["KeyPolicy"]
    return {
        "Version": described["Version"],
        "Statement": [_statement(each, partition, account, stack_name) for each in described["Statement"]],
    }


def _statement(described: Mapping[str, Any], partition: str, account: str, stack_name: str) -> dict[str, Any]:
    principals = described["Principal"]["AWS"]
    if not isinstance(principals, list):
        return {**described, "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"}}
    roles = [principal["Fn::GetAtt"][0] for principal in principals]
    conditions = described["Condition"]
    return {
        **described,
        "Principal": {"AWS": "*"},
        "Condition": {
            **conditions,
            "StringEquals": {**conditions["StringEquals"], "kms:CallerAccount": account},
            "ArnLike": {"aws:PrincipalArn": [f"arn:{partition}:iam::{account}:role/{stack_name}-{r}-*" for r in roles]},
        },
    }


def main(arguments: Sequence[str]) -> int:
    """Print it and return 0, or say on standard error why not and return 2."""
    parser = argparse.ArgumentParser("python -m ops.key_policy", description=__doc__)
    parser.add_argument("stack", help="the name of the stack")
    parser.add_argument("key", help="the ARN of the key")
    asked = parser.parse_args(arguments)
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)  # samtranslator asks for one
    try:
        print(json.dumps(key_policy(asked.stack, asked.key), indent=2))
    except ValueError as error:
        print(f"No policy: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
