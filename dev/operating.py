"""The routes that `sallyport --local` calls: where the table is, and an invocation of rotate_keys."""

import json
from typing import Any

import boto3

from dev.aws.deployment import Deployment
from dev.gateway.routes import DevRoutes
from sallyport.clock import Clock


def operator_routes(deployed: Deployment, clock: Clock) -> DevRoutes:
    dynamodb = boto3.client("dynamodb", endpoint_url=deployed.dynamodb_endpoint_url)
    described = {
        "table_name": deployed.table_name,
        "dynamodb_endpoint_url": dynamodb.meta.endpoint_url,
        "region": dynamodb.meta.region_name,
        "sqs_endpoint_url": deployed.mail.queue.meta.endpoint_url,
        "mail_queue_url": deployed.mail.url,
        "settings": {
            **deployed.functions["Password"].spec.environment,
            **deployed.functions["Authorizer"].spec.environment,
        },
    }

    def stack(_body: bytes) -> dict[str, Any]:
        return {**described, "now_ms": clock()}

    def rotate_keys(body: bytes) -> dict[str, Any]:
        """Return what the function returned, or the name of what it raised: like Lambda's API, never an HTTP error."""
        event = json.loads(body)
        try:
            return {"answered": deployed.functions["RotateKeys"].invoke(event)}
        except Exception as error:  # noqa: BLE001  # the edge: whatever the function does
            return {"failed": type(error).__name__}

    return {("GET", "/_dev/stack"): stack, ("POST", "/_dev/rotate_keys"): rotate_keys}
