"""A login as most are written: Powertools' Logger, Metrics and Tracer, pydantic, PyJWT, argon2-cffi, `boto3.resource`.

It reads the same items, has its keys opened by the same KMS, and writes a session. Nobody is throttled.
"""

import json
import os
import time
import uuid
from typing import Any

import boto3
import jwt
from argon2 import PasswordHasher
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Key
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pydantic import BaseModel, SecretStr


class Credentials(BaseModel):
    """What is typed."""

    email: str
    password: SecretStr


logger = Logger(service="usual")
metrics = Metrics(namespace="Usual", service="usual")
tracer = Tracer(service="usual")
table = boto3.resource("dynamodb", endpoint_url=os.environ["DYNAMODB_ENDPOINT_URL"]).Table(os.environ["TABLE_NAME"])
kms = boto3.client("kms")
hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def open_key(use: str) -> tuple[str, bytes]:
    items = table.query(KeyConditionExpression=Key("PK").eq(f"SIGNING#{use}"))["Items"]
    item = min((item for item in items if "ciphertext" in item), key=lambda item: item["not_before"])
    context = {"use": use, "kid": item["SK"]}
    opened = kms.decrypt(CiphertextBlob=item["ciphertext"].value, EncryptionContext=context)
    return item["SK"], opened["Plaintext"]


access_kid, access_secret = open_key("access")
access_key = load_der_private_key(access_secret, None)
refresh_kid, refresh_key = open_key("refresh")


def read(pk: str, sk: str) -> dict[str, Any]:
    return table.get_item(Key={"PK": pk, "SK": sk}, ConsistentRead=True)["Item"]


@tracer.capture_lambda_handler
@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    typed = Credentials.model_validate_json(event["body"])
    sub = read(f"EMAIL#{typed.email}", "EMAIL")["user_id"]
    ver = int(read(f"USER#{sub}", "USER")["token_version"])
    hasher.verify(read(f"CREDENTIAL#{sub}", "CREDENTIAL")["password_hash"], typed.password.get_secret_value())
    now, sid = int(time.time()), str(uuid.uuid4())
    table.put_item(Item={"PK": f"USUAL#{sub}", "SK": sid, "ver": ver, "created_at": now})
    claims = {"sub": sub, "sid": sid, "ver": ver, "iat": now}
    access = {**claims, "aud": "sallyport", "exp": now + 600, "jti": str(uuid.uuid4())}
    body = {
        "access_token": jwt.encode(access, access_key, "RS256", {"kid": access_kid}),
        "refresh_token": jwt.encode({**claims, "exp": now + 2_592_000}, refresh_key, "HS256", {"kid": refresh_kid}),
    }
    logger.info("logged in", extra={"sub": sub})
    return {"statusCode": 200, "body": json.dumps(body)}
