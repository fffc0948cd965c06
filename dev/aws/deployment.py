"""What CloudFormation does, done locally: the table, the key, the functions, the first signing keys."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import boto3

from dev.aws import cloud
from dev.lambda_host.functions import LocalFunction
from dev.lambda_host.queues import Poller
from dev.sam import stack
from dev.sam.template import REGION, Cors, Routes
from sallyport import settings
from sallyport.aws.clients import Clients
from sallyport.aws.dynamodb.table import Table
from sallyport.clock import Clock, system_clock
from sallyport.keys.life_cycle import Use
from sallyport.wiring.setup import EverySetting

LOCAL_ORIGIN = "http://127.0.0.1:5173"  # where the example page and most front-end servers run
LOCAL_ORIGINS = f"{LOCAL_ORIGIN},http://localhost:5173"

DEFAULT_TABLE = "sallyport-dev"

_USES: tuple[Use, ...] = ("access", "refresh")

CREATED_HERE = {"TABLE_NAME", "KMS_KEY_ID", "MAIL_QUEUE_URL", "MAIL_CONFIGURATION_SET"}
_OF_A_LAPTOP = {  # every request comes from one address, and most from one user
    "AddressAttemptLimit": "10000",
    "AccountLoginLimit": "1000",
}
_EXPORTED_SETTINGS = {"Audience": "AUDIENCE", "Issuer": "ISSUER"}
_URL_OF_THE_API = f"https://Api.execute-api.{REGION}.amazonaws.com"  # as the template's Outputs name it


@dataclass(frozen=True)
class Deployment:
    """A running stack. `exports` is what other stacks may import, by name."""

    functions: Mapping[str, LocalFunction]
    routes: Routes
    cors: Cors | None
    table_name: str
    dynamodb_endpoint_url: str | None
    exports: Mapping[str, str]
    replaced_keys: bool
    mail: Poller


def deploy(
    issuer: str,
    overrides: Mapping[str, str],
    *,
    table_name: str = DEFAULT_TABLE,
    clock: Clock = system_clock,
    clients: Clients = cloud.LOCAL,
) -> Deployment:
    """Deploy template.yaml in the name of `issuer`.

    A variable in `overrides` with the name of a function's setting replaces the template's value, but for those whose
    things are created here. The functions see `clock`, and AWS through `clients`. Nobody polls the mail queue yet.
    Raises SettingsError.
    """
    key_id = cloud.create_key()
    described = describe(issuer, overrides, table_name=table_name, kms_key_id=key_id)
    queue_url = cloud.create_queue(f"{table_name}-mail", described.queues["MailQueue"].properties)
    described = describe(issuer, overrides, table_name=table_name, kms_key_id=key_id, mail_queue_url=queue_url)
    endpoint_url = overrides.get("DYNAMODB_ENDPOINT_URL") or None
    cloud.create_table(table_name, described.table, endpoint_url)
    ours = {"ISSUER": issuer, "DYNAMODB_ENDPOINT_URL": endpoint_url or ""}
    specs = {}
    for function, spec in described.functions.items():
        chosen = {name: overrides[name] for name in spec.environment.keys() - CREATED_HERE if overrides.get(name)}
        specs[function] = replace(spec, environment={**spec.environment, **ours, **chosen})
    # All at once, as at a deployment to AWS: a function would name only what is wrong with its own.
    of_functions = {name: value for spec in specs.values() for name, value in spec.environment.items()}
    of_the_gateway = {"ALLOWED_HEADERS": overrides.get("ALLOWED_HEADERS", "")}
    settings.parse(EverySetting, {**of_functions, **of_the_gateway})
    functions = {function: LocalFunction(spec, clock, clients) for function, spec in specs.items()}
    cloud.create_mail_identity(functions["Mailer"].spec.environment["MAIL_FROM"])
    replaced = _drop_keys_of_an_earlier_run(Table(cloud.LOCAL.dynamodb(endpoint_url), table_name), key_id)
    functions["RotateKeys"].invoke({})
    return Deployment(
        functions=functions,
        routes=described.routes,
        cors=described.cors,
        table_name=table_name,
        dynamodb_endpoint_url=endpoint_url,
        exports=described.exports,
        replaced_keys=replaced,
        mail=_poller(described.queues["MailQueue"], queue_url, functions),
    )


def _poller(queue: stack.Queue, url: str, functions: Mapping[str, LocalFunction]) -> Poller:
    return Poller(boto3.client("sqs"), url, functions[queue.function], queue.batch_size)


def describe(
    issuer: str,
    overrides: Mapping[str, str],
    *,
    table_name: str = DEFAULT_TABLE,
    kms_key_id: str = "not-created",
    mail_queue_url: str = "https://not-created",
) -> stack.Stack:
    """Read template.yaml as `deploy` would deploy it. Creates nothing."""
    origins = (overrides.get("ALLOWED_ORIGINS") or LOCAL_ORIGINS).replace(" ", "")
    exported = {name: overrides[variable] for name, variable in _EXPORTED_SETTINGS.items() if overrides.get(variable)}
    given = {"AllowedOrigins": origins, "AppUrl": origins.split(",")[0], **_OF_A_LAPTOP, **exported}
    if page_headers := overrides.get("ALLOWED_HEADERS", "").replace(" ", ""):
        given["AllowedHeaders"] = page_headers
    described = stack.read(table_name=table_name, kms_key_id=kms_key_id, mail_queue_url=mail_queue_url, given=given)
    exports = {name: value.replace(_URL_OF_THE_API, issuer) for name, value in described.exports.items()}
    return replace(described, exports=exports)


def _drop_keys_of_an_earlier_run(table: Table, kms_key_id: str) -> bool:
    """Delete signing keys that no KMS key opens any more. Return whether there were any.

    The embedded KMS ends with its process, and its keys with it. A table in an engine of the user's own stays.
    """
    rings = {use: table.partition(f"SIGNING#{use}") for use in _USES}
    if all(item.get("sealed_under") == kms_key_id for ring in rings.values() for item in ring if "ciphertext" in item):
        return False
    # The published keys first: were this run to end here, the next one must still find something to drop.
    for item in (*table.partition("JWKS"), *rings["access"], *rings["refresh"]):
        table.delete([(item["PK"], item["SK"])])
    return True
