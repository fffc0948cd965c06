"""`make dev`: serve the whole API on this machine."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import uvicorn

from dev import cloud
from dev.clock import MovableTime
from dev.deployment import deploy
from dev.gateway import DevRoutes, Gateway
from dev.walkthrough import DEMO_EMAIL, DEMO_PASSWORD, curl_lines
from sallyport.accounts.password import Passwords, normal
from sallyport.accounts.user import FIRST_TOKEN_VERSION, User
from sallyport.aws import clients
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.clock import system_clock
from sallyport.errors import SettingsError
from sallyport.identifiers import new_id

DEFAULT_PORT = "8787"


def main(environ: Mapping[str, str]) -> int:
    try:
        listener = _listen(environ.get("PORT") or DEFAULT_PORT)
    except (OSError, ValueError, OverflowError) as error:
        print(f"Cannot listen: {error}", file=sys.stderr)
        return 1
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    overrides = dict(environ)
    aws = cloud.Cloud()
    try:
        cloud.never_reach_aws(aws)
        with MovableTime().installed() as clock:
            asyncio.run(_serve(_gateway(url, overrides, clock), listener, url))
    except SettingsError as error:
        print(f"Cannot start: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
    finally:
        aws.close()
        listener.close()
    return 0


def _listen(port: str) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", int(port)))
        listener.listen()
    except OSError as error:
        listener.close()
        raise OSError(f"127.0.0.1:{port}: {error.strerror}") from None
    return listener


def _gateway(url: str, overrides: Mapping[str, str], clock: MovableTime) -> Gateway:
    deployed = deploy(url, overrides)
    users = Users(Table(clients.dynamodb(deployed.dynamodb_endpoint_url), deployed.table_name))
    _create_demo_user(users)
    return Gateway(deployed.functions, deployed.routes, _dev_routes(clock), urlsplit(url).netloc, system_clock)


def _create_demo_user(users: Users) -> None:
    user = User(
        user_id=new_id(),
        email=DEMO_EMAIL,
        token_version=FIRST_TOKEN_VERSION,
        status="active",
        roles=("demo",),
        created_at=system_clock() // 1000,
    )
    users.create(user, Passwords().hash(normal(DEMO_PASSWORD)))  # False where another engine kept him from last time


def _dev_routes(clock: MovableTime) -> DevRoutes:
    def advance(body: bytes) -> dict[str, Any]:
        seconds = _advance_seconds(body)
        clock.advance(seconds)
        return {"now": system_clock() // 1000}

    def outbox(_body: bytes) -> dict[str, Any]:
        return {"messages": []}

    return {("POST", "/_dev/clock"): advance, ("GET", "/_dev/outbox"): outbox}


def _advance_seconds(body: bytes) -> int:
    try:
        asked = json.loads(body)
    except ValueError:
        asked = None
    seconds = asked.get("advance_seconds") if isinstance(asked, dict) else None
    if type(seconds) is not int:
        raise ValueError('send {"advance_seconds": n}, a whole number of seconds')
    return seconds


async def _serve(gateway: Gateway, listener: socket.socket, url: str) -> None:
    config = uvicorn.Config(gateway, lifespan="off", log_level="warning", access_log=False, server_header=False)
    print(f"READY {url}\n\nDemo user: {DEMO_EMAIL}, password: {DEMO_PASSWORD}\nTry it:\n")
    print(curl_lines(url), end="\n\nCtrl-C stops the server.\n", flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main(os.environ))
