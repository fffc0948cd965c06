"""The deployed functions: the real app.py files on the embedded cloud, spoken to in events."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dev.aws.cloud import LOCAL
from dev.aws.deployment import Deployment
from dev.outbox import Outbox
from sallyport.accounts.guesses import GuessStore
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.one_time_token import OneTimeTokenStore
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.audit import AuditEntry
from sallyport.aws.dynamodb.table import Table
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.session import Session, SessionStore
from tests.support.builders import a_user, an_audit
from tests.support.stopped_time import MovableTime
from tests.support.stores import AllAccounts, in_table
from tests.support.tokens import unverified_claims

EVENTS = Path(__file__).parents[2] / "events"
STRICT = {"REVOCATION_MODE": "strict"}
"""The mode in which a revocation is seen at once. The others: tests/functions/test_authorizer.py."""

PASSWORD = "correct horse battery staple"


@cache
def _stored_password() -> str:
    return Passwords().hash(normal(PASSWORD))


@dataclass(frozen=True)
class Answer:
    """A function's answer, read as a client reads it."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """The deployment as a test uses it. Every test has users of its own."""

    deployment: Deployment
    accounts: AllAccounts
    sessions: SessionStore
    revocations: RevocationStore
    table: Table
    clock: MovableTime
    outbox: Outbox
    tokens: OneTimeTokenStore
    guesses: GuessStore
    keep: Callable[[Session], None]
    audited: Callable[[str], list[AuditEntry]]

    @property
    def now(self) -> int:
        return self.clock.time_ns() // 1_000_000_000

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self.deployment.functions[function].invoke(event)

    def call(self, function: str, event: Mapping[str, Any]) -> Answer:
        payload = self.invoke(function, event)
        return Answer(payload["statusCode"], payload["headers"], json.loads(payload.get("body") or "{}"))

    def new_user(self, password_hash: str | None = None, **changes: Any) -> User:
        user = a_user(**changes)
        assert self.accounts.create(user, password_hash or _stored_password(), an_audit(user))
        return user

    def log_in(self, user: User, password: str = PASSWORD, *, ip: str | None = None) -> Answer:
        event = sample("login_logged_in", body={"email": user.email, "password": password})
        if ip is not None:
            event["requestContext"]["http"]["sourceIp"] = ip
        return self.call("Login", event)

    def refresh(self, refresh_token: str) -> Answer:
        return self.call("Refresh", sample("refresh_rotated", body={"refresh_token": refresh_token}))

    def log_out(self, **body: Any) -> Answer:
        return self.call("Logout", sample("logout_ended", body=body))

    def end_session(self, access_token: str, sid: str) -> Answer:
        """End the session `sid` in the name of whom an access token is about, as the authorizer would describe them."""
        event = sample("account_session_ended")
        event["pathParameters"]["sid"] = sid
        event["requestContext"]["authorizer"]["lambda"] |= unverified_claims(access_token)
        return self.call("Account", event)

    def post(
        self,
        path: str,
        body: Any,
        *,
        access_token: str | None = None,
        ip: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a body to a route of `POST`, in the name of whom an access token is about, if one is given.

        Bytes are sent as they are, everything else as JSON.
        """
        event = sample("logout_ended", body=None if isinstance(body, bytes) else body)
        if isinstance(body, bytes):
            event["body"], event["isBase64Encoded"] = b64encode(body).decode(), True
        event["routeKey"] = f"POST {path}"
        event["rawPath"] = event["requestContext"]["http"]["path"] = path
        event["headers"] |= headers or {}
        if ip is not None:
            event["requestContext"]["http"]["sourceIp"] = ip
        if access_token is not None:
            event["requestContext"]["authorizer"] = {"lambda": unverified_claims(access_token)}
        return self.call(self.deployment.routes["POST", path].function, event)

    def mails_to(self, email: str) -> list[dict[str, Any]]:
        """Have everything mailed that waits, and return the mails to an address, oldest first."""
        self.deployment.mail.drain()
        return [mail for mail in self.outbox.messages()["messages"] if mail["to"] == email]

    def authorize(self, access_token: str) -> dict[str, Any]:
        event = sample("authorizer_allowed", authorization=f"Bearer {access_token}")
        verdict: dict[str, Any] = self.invoke("Authorizer", event)
        return verdict


def open_stack(deployment: Deployment, clock: MovableTime, outbox: Outbox | None = None) -> Stack:
    """Open the stores of a deployment. `outbox` is where its mails are kept."""
    table = _table(deployment.dynamodb_endpoint_url, deployment.table_name)
    stores = in_table(table)
    return Stack(
        deployment,
        stores.accounts,
        stores.sessions,
        stores.revocations,
        table,
        clock,
        outbox or Outbox(),
        stores.tokens,
        stores.guesses,
        stores.keep,
        stores.audited,
    )


@cache
def _table(endpoint_url: str | None, name: str) -> Table:
    """Open a table. A client takes longer to make than most tests to run."""
    return Table(LOCAL.dynamodb(endpoint_url), name)


def sample(name: str, *, body: Any = None, authorization: str | None = None) -> dict[str, Any]:
    """Load an event from events/, with another body or Authorization header."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    if body is not None:
        event["body"] = json.dumps(body)
    if authorization is not None:
        event["headers"]["authorization"] = authorization
    return event
