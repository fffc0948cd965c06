"""A stack in an AWS account, as its outputs and parameters describe it."""

import json
import re
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from sallyport import settings
from sallyport.aws.by_botocore import ByBotocore, failing_closed
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.mail_queue import SqsMailQueue
from sallyport.errors import CallFailed
from sallyport_cli.errors import Refused
from sallyport_cli.stack import Settings, Stack, clock_at

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import DescribeStacksOutputTypeDef
    from mypy_boto3_lambda.client import LambdaClient

_PATIENCE = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 3})
# A revocation is dated before it is sent, and polls look back 90 s (docs/revocation.md): it may not be long on its way.
TABLE_PATIENCE = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
# Rotating may take a minute, and a promotion must not be sent twice: the second one would promote the next key.
_ONCE = Config(connect_timeout=5, read_timeout=75, retries={"total_max_attempts": 1})

_EXACT_TO_MS = 2000  # the header Date has whole seconds, and it took a while to come


def open_stack(name: str, *, profile: str | None, region: str | None) -> Stack:
    """Find a stack by its name. Raises Refused, and Unavailable if AWS does not say."""
    with failing_closed():
        session = boto3.Session(profile_name=profile, region_name=region)
        cloudformation = session.client("cloudformation", config=_PATIENCE)
        here = f"{name} in {cloudformation.meta.region_name}"
        dynamodb = session.client("dynamodb", config=TABLE_PATIENCE)
        functions = partial(session.client, "lambda", config=_ONCE)
        queues = partial(session.client, "sqs", config=_PATIENCE)
        identities = partial(session.client, "sts", config=_PATIENCE)
    described = _described(lambda: cloudformation.describe_stacks(StackName=name), here)
    with failing_closed():
        (found,) = described["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        given = {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
        answered = parsedate_to_datetime(described["ResponseMetadata"]["HTTPHeaders"]["date"])
    missing = [output for output in ("TableName", "RotateKeysName", "MailQueueUrl") if output not in outputs]
    if missing:
        raise Refused(f"{here} is no stack of Sallyport's, or not deployed yet: it has no output {missing[0]}")
    return Stack(
        where=f"stack {here}",
        settings=settings.parse(Settings, {_variable(name): value for name, value in given.items()}),
        table=Table(ByBotocore(dynamodb), outputs["TableName"]),
        clock=clock_at(int(answered.timestamp()) * 1000, exact_to_ms=_EXACT_TO_MS),
        rotate_keys=partial(_invoke, functions, outputs["RotateKeysName"]),
        mail_queue=SqsMailQueue(lambda: ByBotocore(queues()), outputs["MailQueueUrl"]),
        who=partial(_caller, identities),
    )


def _described(describe: "Callable[[], DescribeStacksOutputTypeDef]", here: str) -> "DescribeStacksOutputTypeDef":
    try:
        with failing_closed():
            return describe()
    except CallFailed as error:
        if error.word == "ValidationError":  # CloudFormation's word for: there is no such stack
            raise Refused(
                f"there is no stack {here}: use --stack, --region, --profile, or --local for `make dev`"
            ) from None
        raise


def _variable(parameter: str) -> str:
    """Return the setting of a template's parameter: AccessTokenSeconds is ACCESS_TOKEN_SECONDS."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).upper()


def _caller(identities: Callable[[], Any]) -> str:
    """Ask whose credentials these are. Everybody may ask that. Raises Unavailable."""
    with failing_closed():
        return str(identities().get_caller_identity()["Arn"])


def _invoke(functions: "Callable[[], LambdaClient]", name: str, event: Mapping[str, Any]) -> Any:
    with failing_closed():
        answer = functions().invoke(FunctionName=name, Payload=json.dumps(event))
        payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise Refused(f"rotate_keys failed ({payload.get('errorType', 'no reason given')}); its log says more")
    return payload
