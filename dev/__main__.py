"""`make dev`: serve the whole API on this machine, and an API of your own beside it."""

import argparse
import asyncio
import gc
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from dev import decoys, demo, misspelt
from dev.aws import cloud
from dev.aws.deployment import LOCAL_ORIGINS, deploy, describe
from dev.aws.recorded import RecordingClients
from dev.gateway.asgi import Application
from dev.gateway.doors import only_by_name, own_hosts
from dev.gateway.events import HttpRequest, HttpResponse
from dev.gateway.gateway import MAX_BODY_BYTES, Gateway
from dev.gateway.routes import dev_routes
from dev.lambda_host.clock import MovableClock
from dev.operating import operator_routes
from dev.outbox import Outbox
from dev.page import FrontPage, with_page
from dev.pipe import event_routes
from dev.sam import attached
from dev.sam.template import CannotRunError
from dev.site import Site, with_site
from dev.tls import certificate, trusting
from dev.tls.certificate import Certificate, UnsafeKeyError
from dev.walkthrough import curl_lines
from sallyport.aws.dynamodb.table import Table
from sallyport.errors import SettingsError, Unavailable

DEFAULT_PORT = "8787"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.parameter and asked.template is None:
        parser.error("--parameter is for a --template")
    if asked.template is not None and not asked.template.exists():
        return _cannot_start(CannotRunError(f"{asked.template}: No such file or directory"))
    try:
        listener = _listen(environ.get("PORT") or DEFAULT_PORT)
    except (OSError, ValueError, OverflowError) as error:
        return _cannot_start(error)
    settings = dict(environ)
    aws = cloud.Cloud()
    try:
        tls = certificate.kept_in(certificate.folder_of(environ), now=datetime.now(UTC)) if asked.https else None
        cloud.never_reach_aws(aws)
        asyncio.run(_serve(listener, settings, MovableClock(), asked, tls))
    except (SettingsError, Unavailable, cloud.NoEngineError, CannotRunError, UnsafeKeyError) as error:
        return _cannot_start(error)
    except KeyboardInterrupt:
        print("Stopped.")
    finally:
        aws.close()
        listener.close()
        gc.freeze()  # or the interpreter looks through all that the embedded AWS kept, for seconds, before it ends
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m dev", description=__doc__)
    parser.add_argument("--template", type=Path, help="the SAM template of your own HTTP API, to be served as well")
    parser.add_argument(
        "--parameter",
        type=_parameter,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of that template",
    )
    parser.add_argument("--page", action="store_true", help="serve the example page, too, at the same address")
    parser.add_argument("--https", action="store_true", help="serve https://localhost, by a certificate made once")
    return parser


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError("write NAME=VALUE")
    return name, value


def _cannot_start(error: Exception) -> int:
    print(f"Cannot start: {error}", file=sys.stderr)
    return 1


def _listen(port: str) -> socket.socket:
    if not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f"PORT must be a number up to 65535, not {port!r}")
    listener = socket.socket(proto=socket.IPPROTO_TCP)  # named, or asyncio leaves Nagle on: 40 ms for every answer
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(port)))
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(f"127.0.0.1:{port}: {error.strerror}; PORT= chooses another one") from None
    return listener


async def _serve(
    listener: socket.socket,
    settings: Mapping[str, str],
    clock: MovableClock,
    asked: argparse.Namespace,
    tls: Certificate | None,
) -> None:
    scheme, hosts = "http", own_hosts(listener.getsockname()[1])
    if tls:
        scheme, hosts = "https", hosts[::-1]  # localhost is the usual name there
    url = f"{scheme}://{hosts[0]}"
    if asked.page:
        settings = _allowing([f"{scheme}://{host}" for host in hosts], settings)
    yours = _attached(asked, url, settings)  # first: a template that cannot run here must leave no trace
    outbox = Outbox()
    clients = RecordingClients(outbox=outbox, clock=clock)
    with _no_log():
        deployed = deploy(url, settings, clock=clock, clients=clients)
    table = Table(cloud.LOCAL.dynamodb(deployed.dynamodb_endpoint_url), deployed.table_name)
    decoys.make(table)
    demo.create_user(table)
    gateway = Gateway(
        functions=deployed.functions,
        routes=deployed.routes,
        cors=deployed.cors,
        dev_routes={**dev_routes(clock, outbox), **operator_routes(deployed, clock), **event_routes(deployed)},
        hosts=hosts,
        now_ms=clock,
        scheme=scheme,
    )
    mode = deployed.functions["Authorizer"].spec.environment["REVOCATION_MODE"]
    lines = curl_lines(url, mode, authority=tls.authority if tls else None)
    page = FrontPage(mode, lines, deployed.routes.values(), yours.routes.values() if yours else ())
    apis = [gateway, _in_front_of(yours, gateway)] if yours else [gateway]
    answer = with_page(page.response(), *apis, at="/_dev/" if asked.page else "/")
    if asked.page:
        answer = with_site(Site(api="/"), answer, *apis)
    for line in misspelt.warnings(settings, known=_variables_of(yours)):
        print(line)
    if deployed.replaced_keys:
        print(
            "New signing keys were made: a KMS key that ended with an earlier run had sealed those in this table."
            " Tokens of that run are refused."
        )
    if deployed.dynamodb_endpoint_url:
        print("The engine that DYNAMODB_ENDPOINT_URL names may let web pages in: see docs/gateway.md, Who may call.")
    for line in _asked_of_a_proxy(deployed.functions["Login"].spec.environment):
        print(line)
    print(f"READY {url}\n\nDemo user: {demo.EMAIL}, password: {demo.PASSWORD}")
    for route in yours.routes.values() if yours else ():
        print(f"Your own: {route.key} ({f'asks {route.authorizer}' if route.authorizer else 'open'})")
    for line in trusting.lines(tls.authority) if tls else ():
        print(line)
    print(f"Revocation mode: {mode}\nTry it:\n\n{lines}\n\nCtrl-C stops the server.", flush=True)
    with deployed.mail.running():
        await uvicorn.Server(_configured(only_by_name(answer, hosts, scheme=scheme), tls)).serve(sockets=[listener])


def _allowing(own: Sequence[str], settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings by which a page of this server may log in. Links of mails lead to the first of its origins."""
    others = settings.get("ALLOWED_ORIGINS") or LOCAL_ORIGINS
    return {**settings, "ALLOWED_ORIGINS": ",".join([*own, others])}


def _asked_of_a_proxy(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield what requests need beside what the printed lines send, if a proxy is expected in front."""
    if variables["ORIGIN_SECRET"]:
        header = variables["TRUSTED_ADDRESS_HEADER"]
        yield (
            "Every call but the well-known documents needs the headers X-Sallyport-Origin (a value of ORIGIN_SECRET)"
            f" and {header} (one address). The lines below do not send them: see docs/behind-cloudfront.md."
        )


@contextmanager
def _no_log() -> Iterator[None]:
    """Keep the functions' log from the screen while they are deployed, but for errors: READY comes first."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _configured(answer: Callable[[HttpRequest], HttpResponse], tls: Certificate | None) -> uvicorn.Config:
    return uvicorn.Config(
        Application(answer, most=MAX_BODY_BYTES),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than clients: a request meets no connection that is just being closed
        proxy_headers=False,  # or X-Forwarded-For would be the caller's address, as at no API Gateway
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )


def _attached(asked: argparse.Namespace, url: str, settings: Mapping[str, str]) -> attached.Attached | None:
    if asked.template is None:
        return None
    ours = describe(url, settings)
    yours = attached.read(asked.template, dict(asked.parameter), ours.exports, settings)
    attached.refuse_collisions(asked.template, yours.routes, ours.routes)
    return yours


def _variables_of(yours: attached.Attached | None) -> frozenset[str]:
    return frozenset(name for function in (yours.functions.values() if yours else ()) for name in function.environment)


def _in_front_of(yours: attached.Attached, gateway: Gateway) -> Gateway:
    """Return the gateway of your API. It has Sallyport's functions, too: its routes may name the authorizer."""
    functions = {**gateway.functions, **attached.start(yours.functions)}
    return replace(gateway, functions=functions, routes=yours.routes, cors=yours.cors, dev_routes={})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
