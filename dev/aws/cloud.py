"""The embedded AWS: moto behind a lock, because moto alone is not atomic under threads.

It checks no passwords. So it serves programs of this machine only, and only the services of the stack: what a web page
can make a browser send is refused with FORBIDDEN.
"""

import os
import re
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from secrets import compare_digest
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from dev.sam.template import REGION
from sallyport.aws.clients import Clients
from sallyport.aws.patience import PATIENCE

WsgiEnviron = dict[str, Any]
WsgiApp = Callable[[WsgiEnviron, Callable[..., Any]], Iterable[bytes]]


_PATIENCE = PATIENCE._replace(connect_timeout=30, read_timeout=60)

LOCAL = Clients(_PATIENCE, _PATIENCE)
"""What local handlers use: the embedded cloud serves one call at a time, on a machine that may be busy."""


class NoEngineError(Exception):
    """No DynamoDB engine answers at DYNAMODB_ENDPOINT_URL."""


SERVICES = frozenset({"dynamodb", "kms", "ses", "sqs"})
"""What the stack uses. moto has a hundred more, one of which starts containers."""

_SES_PATH = "/v2/email/"

_SIGNED_FOR = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([A-Za-z0-9]+)/[0-9]{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request,", re.ASCII
)


class Cloud:
    """A moto server on a loopback port of its own. `middleware` sees every call before moto does.

    It serves `services`, by their names in signatures. `Host` must be the address at which it listens or `called`, the
    name that containers have for it. Calls must be signed in the name of `access_key`. Signatures are not checked, so
    where other machines can reach it the access key is the secret.
    """

    def __init__(
        self,
        middleware: Callable[[WsgiApp], WsgiApp] = lambda app: app,
        *,
        address: str = "127.0.0.1",
        called: str | None = None,
        access_key: str = "local",
        services: Collection[str] = SERVICES,
    ) -> None:
        self._address = address
        self._called = called or address
        self.access_key = access_key
        self._services = services
        moto = _one_at_a_time(DomainDispatcherApplication(create_backend_app))
        self.application = self._guarded(middleware(moto))
        self._server: BaseWSGIServer = make_server(
            address,
            0,
            self.application,
            threaded=True,
            request_handler=_QuietHandler,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, name="moto", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://{self._address}:{self._server.server_port}"

    @property
    def called_url(self) -> str:
        return f"http://{self._called}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _guarded(self, app: WsgiApp) -> WsgiApp:
        def guarded(environ: WsgiEnviron, start_response: Callable[..., Any]) -> Iterable[bytes]:
            if self._is_for_us(environ):
                return app(environ, start_response)
            start_response("403 Forbidden", [("Content-Type", "text/plain"), ("Content-Length", str(len(FORBIDDEN)))])
            return [FORBIDDEN]

        return guarded

    def _is_for_us(self, environ: WsgiEnviron) -> bool:
        """Return whether a request is a signed call of a program, and nothing that a web page can make a browser send.

        Requests of a page have `Origin` or `Sec-Fetch-Site`; those of a page that rebinds its name have another `Host`.
        """
        signed_for = _SIGNED_FOR.match(environ.get("HTTP_AUTHORIZATION", ""))
        return (
            f"http://{environ.get('HTTP_HOST')}" in (self.url, self.called_url)
            and not {"HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE"} & environ.keys()
            and signed_for is not None
            and compare_digest(signed_for[1], self.access_key)
            and signed_for[2] in self._services
            and (signed_for[2] not in SERVICES or _is_a_call(environ["PATH_INFO"], signed_for[2]))
        )


def _is_a_call(path: str, service: str) -> bool:
    """Return whether a service of the stack is called there. moto has pages of its own elsewhere."""
    return path.startswith(_SES_PATH) if service == "ses" else path == "/"


FORBIDDEN = b"This is the embedded AWS of `make dev`. It serves signed calls of the stack, and no web page."


def never_reach_aws(cloud: Cloud) -> None:
    """Point every AWS client of this process at the embedded cloud, whatever credentials its user has."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_ACCESS_KEY_ID=cloud.access_key,
        AWS_SECRET_ACCESS_KEY="local",  # noqa: S106  # moto asks for one and ignores it
        AWS_DEFAULT_REGION=REGION,
        AWS_REGION=REGION,
        AWS_ENDPOINT_URL=cloud.url,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        POWERTOOLS_METRICS_DISABLED="true",
    )
    os.environ["no_proxy"] = ",".join(filter(None, [os.environ.get("no_proxy"), "127.0.0.1", "localhost"]))


def create_key() -> str:
    """Create the KMS key, and return its ARN."""
    return boto3.client("kms").create_key()["KeyMetadata"]["Arn"]


def create_queue(name: str, properties: Mapping[str, Any]) -> str:
    """Create a queue that the template describes, and return its URL."""
    attributes = {
        "MessageRetentionPeriod": str(properties["MessageRetentionPeriod"]),
        "VisibilityTimeout": str(properties["VisibilityTimeout"]),
    }
    return boto3.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]  # not a TypedDict


def create_mail_identity(address: str) -> None:
    """Let SES send mails from the domain of an address."""
    client = boto3.client("sesv2")
    with suppress(client.exceptions.AlreadyExistsException):
        client.create_email_identity(EmailIdentity=address.partition("@")[2])


def create_table(name: str, properties: Mapping[str, Any], endpoint_url: str | None) -> None:
    """Create the table that the template describes, unless the engine already has one of this name."""
    try:
        client = boto3.client("dynamodb", endpoint_url=endpoint_url)
        client.create_table(
            TableName=name,
            KeySchema=properties["KeySchema"],
            AttributeDefinitions=properties["AttributeDefinitions"],
            BillingMode=properties["BillingMode"],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceInUseException":
            raise
    except (BotoCoreError, ValueError) as error:  # ValueError: not even a URL
        raise NoEngineError(f"DYNAMODB_ENDPOINT_URL: no DynamoDB engine answers there ({error})") from None


def _one_at_a_time(app: WsgiApp) -> WsgiApp:
    lock = threading.Lock()

    def serialised(environ: WsgiEnviron, start_response: Callable[..., Any]) -> Iterable[bytes]:
        with lock:
            return list(app(environ, start_response))

    return serialised


class _QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep connections open, as DynamoDB does

    def log_request(self, *_: object) -> None:
        pass
