"""An authorizer as most are written: Powertools' Logger, Metrics and Tracer, pydantic, PyJWT, `boto3.resource`.

It loads its keys from the same table as ours. Told to be `strict`, it also looks at the session.
"""

import os
from typing import Any

import boto3
import jwt
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Key
from pydantic import BaseModel


class Claims(BaseModel):
    """What the token says."""

    sub: str
    sid: str
    ver: int
    jti: str


logger = Logger(service="usual")
metrics = Metrics(namespace="Usual", service="usual")
tracer = Tracer(service="usual")
table = boto3.resource("dynamodb", endpoint_url=os.environ["DYNAMODB_ENDPOINT_URL"]).Table(os.environ["TABLE_NAME"])


def load_keys() -> dict[str, jwt.PyJWK]:
    items = table.query(KeyConditionExpression=Key("PK").eq("JWKS"))["Items"]
    return {item["SK"]: jwt.PyJWK(item["jwk"]) for item in items if item["SK"] != "ISSUER"}


keys = load_keys()
is_strict = os.environ["REVOCATION_MODE"] == "strict"


@tracer.capture_lambda_handler
@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    token = event["headers"]["authorization"].removeprefix("Bearer ")
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        claims = Claims(**jwt.decode(token, key, algorithms=["RS256"], audience="sallyport"))
    except (jwt.PyJWTError, KeyError, ValueError):
        return {"isAuthorized": False}
    if not is_strict:
        return {"isAuthorized": True, "context": {"sub": claims.sub}}
    session = table.get_item(Key={"PK": f"SESSIONS#{claims.sub}", "SK": claims.sid}).get("Item")
    return {"isAuthorized": session is not None and session["ver"] == claims.ver, "context": {"sub": claims.sub}}
