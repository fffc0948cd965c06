"""A deployment that attacks have for themselves, with a session to attack and the keys that only it should have."""

import json
from typing import Any

import pytest

from dev.aws.cloud import LOCAL, Cloud
from dev.aws.deployment import Deployment, deploy
from dev.aws.recorded import RecordingClients
from dev.outbox import Outbox
from sallyport.accounts.password import normal
from sallyport.aws.dynamodb.table import Table
from sallyport.aws.kms import KmsCipher
from sallyport.clock import system_clock
from sallyport.identifiers import new_id
from sallyport.keys.life_cycle import Use
from sallyport.keys.signing import SigningKey
from sallyport.wiring.parts import private_keys
from tests.support.builders import WEAK_PASSWORDS, a_user, an_audit
from tests.support.deployed import PASSWORD, STRICT, sample
from tests.support.stores import in_table
from tests.support.tokens import ISSUER


@pytest.fixture(scope="session")
def recording(_mails: Outbox) -> RecordingClients:
    """Clients of AWS whose mails are kept."""
    return RecordingClients(patience=LOCAL.patience, outbox=_mails, clock=system_clock)


@pytest.fixture(scope="module")
def deployment(cloud: Cloud, recording: RecordingClients) -> Deployment:
    return deploy(ISSUER, STRICT, table_name=f"attacks-{new_id()}", clients=recording)


def active_key(deployment: Deployment, use: Use) -> SigningKey:
    """Open the key that a deployment signs with: what an attacker who has it could do."""
    table = Table(LOCAL.dynamodb(), deployment.table_name)
    cipher = KmsCipher(LOCAL.kms(), deployment.functions["Login"].spec.environment["KMS_KEY_ID"])
    return private_keys.build(use, table, cipher, system_clock).active()


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
    table = Table(LOCAL.dynamodb(), deployment.table_name)
    assert in_table(table).accounts.create(user, WEAK_PASSWORDS.hash(normal(PASSWORD)), an_audit(user))
    event = sample("login_logged_in", body={"email": user.email, "password": PASSWORD})
    tokens: dict[str, Any] = json.loads(deployment.functions["Login"].invoke(event)["body"])
    return tokens
