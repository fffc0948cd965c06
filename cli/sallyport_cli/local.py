"""A running `make dev`. Nothing here can reach AWS: neither its endpoints nor anybody's credentials."""

import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3
import botocore.session
import urllib3
from botocore.config import Config

from sallyport import settings
from sallyport.aws.by_botocore import ByBotocore
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.mail_queue import SqsMailQueue
from sallyport_cli.errors import Refused
from sallyport_cli.stack import Settings, Stack, clock_at

_DIRECTLY = Config(connect_timeout=5, read_timeout=60, proxies={})  # whatever HTTP_PROXY says
_NOBODY = "local"  # as in dev/aws/cloud.py: some engines keep a database for each access key
_WHO = "local"  # nobody has an ARN here
_NO_CONFIGURATION = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def open_stack(port: int) -> Stack:
    """Ask the local server for its table. Raises Refused."""
    url = f"http://127.0.0.1:{port}"
    told = _ask(url, "GET", "/_dev/stack")
    try:
        return Stack(
            where=f"`make dev` on {url}",
            settings=settings.parse(Settings, told["settings"]),
            table=Table(_calls("dynamodb", told["region"], told["dynamodb_endpoint_url"]), told["table_name"]),
            clock=clock_at(told["now_ms"]),
            rotate_keys=partial(_rotate_keys, url),
            mail_queue=SqsMailQueue(
                partial(_calls, "sqs", told["region"], told["sqs_endpoint_url"]), told["mail_queue_url"]
            ),
            who=lambda: _WHO,
        )
    except (LookupError, TypeError):
        raise _nobody_answers(url) from None


def _calls(service: Any, region: str, endpoint_url: str) -> ByBotocore:
    session = boto3.Session(botocore_session=botocore.session.Session(session_vars=_NO_CONFIGURATION))
    client = session.client(
        service,
        region_name=region,
        endpoint_url=endpoint_url,
        aws_access_key_id=_NOBODY,
        aws_secret_access_key=_NOBODY,
        config=_DIRECTLY,
    )
    return ByBotocore(client)


def _rotate_keys(url: str, event: Mapping[str, Any]) -> Any:
    answer = _ask(url, "POST", "/_dev/rotate_keys", event)
    if "failed" in answer:
        raise Refused(f"rotate_keys failed ({answer['failed']}); the server's log says more")
    return answer["answered"]


def _ask(url: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    try:
        response = urllib3.request(method, url + path, body=data, timeout=90, retries=False, redirect=False)
        if response.status == 200:
            answer: dict[str, Any] = json.loads(response.data)
            return answer
    except (urllib3.exceptions.HTTPError, ValueError):
        pass
    raise _nobody_answers(url)


def _nobody_answers(url: str) -> Refused:
    return Refused(f"no `make dev` answers on {url}: start it, or say with --port where it is")
