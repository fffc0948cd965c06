"""A deployment that attacks have for themselves, and somebody who watches what they do to it."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from dev.cloud import Cloud
from dev.deployment import Deployment, deploy
from sallyport.accounts.password import normal
from sallyport.aws import clients
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.dynamodb.users import Users
from sallyport.aws.kms import KmsCipher
from sallyport.clock import system_clock
from sallyport.identifiers import new_id
from sallyport.signing.lifecycle import Use
from sallyport.tokens.keys import SigningKey
from sallyport.wiring import issuing
from tests.attacks.watch import Watch
from tests.builders import WEAK_PASSWORDS, a_user
from tests.deployed import PASSWORD, STRICT, Stack, sample
from tests.tokens import ISSUER
from tests.wire import Wire


@pytest.fixture(scope="module")
def deployment(cloud: Cloud) -> Deployment:
    return deploy(ISSUER, STRICT, table_name=f"attacks-{new_id()}")


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Everyone whom this process looks up or calls."""
    called: list[tuple[str, int]] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def connecting(self: socket.socket, address: tuple[str, int]) -> None:
        called.append(address[:2])
        connect(self, address)

    def looking_up(host: str, port: int, *more: int) -> object:
        called.append((host, port))
        return look_up(host, port, *more)

    monkeypatch.setattr(socket.socket, "connect", connecting)
    monkeypatch.setattr(socket, "getaddrinfo", looking_up)
    return called


@pytest.fixture
def watch(
    stack: Stack, wire: Wire, caplog: pytest.LogCaptureFixture, dialled: list[tuple[str, int]], cloud: Cloud
) -> Watch:
    url = urlsplit(cloud.url)
    assert url.hostname is not None
    assert url.port is not None
    return Watch(stack, wire, caplog, dialled, (url.hostname, url.port))


def active_key(deployment: Deployment, use: Use) -> SigningKey:
    """Open the key that a deployment signs with: what an attacker who has it could do."""
    table = Table(clients.dynamodb(None), deployment.table_name)
    opener = KmsCipher(clients.kms(), deployment.functions["Login"].spec.environment["KMS_KEY_ID"])
    return issuing.private_keys(use, table, opener, system_clock).active()


@pytest.fixture(scope="module")
def access_signing_key(deployment: Deployment) -> SigningKey:
    return active_key(deployment, "access")


@pytest.fixture(scope="module")
def refresh_signing_key(deployment: Deployment) -> SigningKey:
    return active_key(deployment, "refresh")


@pytest.fixture(scope="module")
def login(deployment: Deployment) -> dict[str, Any]:
    """The tokens of a session that every attack of a module fails to touch."""
    user = a_user()
    table = Table(clients.dynamodb(None), deployment.table_name)
    assert Users(table).create(user, WEAK_PASSWORDS.hash(normal(PASSWORD)))
    event = sample("login_logged_in", body={"email": user.email, "password": PASSWORD})
    tokens: dict[str, Any] = json.loads(deployment.functions["Login"].invoke(event)["body"])
    return tokens
