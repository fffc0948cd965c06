"""Visitors: people and attackers before the account calls, and what they find in a mailbox."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from dev.aws.deployment import LOCAL_ORIGIN
from sallyport.accounts.user import User
from tests.support.builders import an_ip
from tests.support.deployed import PASSWORD, Answer, Stack, sample
from tests.support.raw import every_item

NEW_PASSWORD = "another horse, another battery"
OTHER_PASSWORD = "a third horse without a staple"

_LINK = re.compile(r"^(https?://\S+)\?token=(\S+)$", re.MULTILINE)
_CODE = re.compile(r"^(\d{4}) (\d{4})$", re.MULTILINE)


def an_address() -> str:
    """Return an e-mail address that nobody has."""
    return f"{secrets.token_hex(8)}@example.com"


@dataclass(frozen=True)
class Mail:
    """A mail, as its reader sees it."""

    subject: str
    text: str
    html: str

    @property
    def page(self) -> str:
        """Return the address of the page to which the link leads."""
        ((page, _),) = _LINK.findall(self.text)
        return str(page)

    @property
    def link(self) -> dict[str, str]:
        """Return the proof that the link carries, as a page sends it."""
        ((_, token),) = _LINK.findall(self.text)
        return {"token": token}

    @property
    def code(self) -> dict[str, str]:
        """Return the proof that a person types."""
        ((first, second),) = _CODE.findall(self.text)
        return {"request": self.request, "code": first + second}

    @property
    def request(self) -> str:
        """Return the id of the request that was answered."""
        return self.link["token"].partition(".")[0]

    def proves(self) -> bool:
        """Tell whether there is a link or a code in it, in either body."""
        return any(pattern.search(self.text) for pattern in (_LINK, _CODE)) or "token=" in self.html


@dataclass(frozen=True)
class Visitor:
    """Somebody before the API, at an IP address of their own."""

    stack: Stack
    ip: str = field(default_factory=an_ip)

    def elsewhere(self) -> "Visitor":
        """Return the same person with another client."""
        return Visitor(self.stack)

    def send(self, path: str, access_token: str | None = None, /, **body: Any) -> Answer:
        return self.stack.post(path, body, access_token=access_token, ip=self.ip)

    def register(self, email: str) -> Answer:
        return self.send("/auth/register", email=email)

    def forgot(self, email: str) -> Answer:
        return self.send("/auth/password/forgot", email=email)

    def verify(self, proof: Mapping[str, str], password: str = NEW_PASSWORD) -> Answer:
        return self.send("/auth/verify-email", **proof, password=password)

    def reset(self, proof: Mapping[str, str], password: str = NEW_PASSWORD) -> Answer:
        return self.send("/auth/password/reset", **proof, password=password)

    def log_in(self, email: str, password: str = PASSWORD, *, device_token: str | None = None) -> Answer:
        known = {} if device_token is None else {"device_token": device_token}
        return self.send("/auth/login", email=email, password=password, **known)

    def change_email(self, access_token: str, email: str, password: str = PASSWORD) -> Answer:
        return self.send("/auth/email/change", access_token, email=email, password=password)

    def confirm(self, access_token: str, proof: Mapping[str, str]) -> Answer:
        return self.send("/auth/email/confirm", access_token, **proof)

    def change_password(self, access_token: str, new: str = NEW_PASSWORD, current: str = PASSWORD) -> Answer:
        return self.send("/auth/password/change", access_token, current_password=current, new_password=new)

    def delete(self, access_token: str, password: str = PASSWORD) -> Answer:
        return self.send("/auth/me/delete", access_token, password=password)

    def mails(self, email: str) -> list[Mail]:
        """Have everything mailed that waits, and read a mailbox, oldest first."""
        return [Mail(mail["subject"], mail["text"], mail["html"]) for mail in self.stack.mails_to(email)]

    def mail(self, email: str) -> Mail:
        """Read the newest mail of a mailbox."""
        return self.mails(email)[-1]

    def asked(self, path: str, email: str) -> Mail:
        """Ask for a mail with a link and a code, and read it."""
        assert self.send(path, email=email).status == 202
        return self.mail(email)

    def registered(self, email: str) -> Mail:
        return self.asked("/auth/register", email)

    def forgotten(self, email: str) -> Mail:
        return self.asked("/auth/password/forgot", email)


@dataclass(frozen=True)
class Browser:
    """Somebody's browser on a page of ours, which keeps the cookies that login sets."""

    stack: Stack
    cookies: dict[str, str] = field(default_factory=dict)

    def log_in(self, email: str, password: str = PASSWORD, *cookies: str, **body: Any) -> Answer:
        """Log in in cookie mode, unless `body` says otherwise. `cookies` are sent in place of those that are kept."""
        return self._send("login_logged_in", cookies, {"email": email, "password": password, "mode": "cookie", **body})

    def log_out(self) -> Answer:
        return self._send("logout_ended", (), {})

    def _send(self, name: str, cookies: Iterable[str], body: Mapping[str, Any]) -> Answer:
        event = sample(name, body=body)
        event["headers"] |= {"x-sallyport-csrf": "1", "origin": LOCAL_ORIGIN}
        event["requestContext"]["http"]["sourceIp"] = an_ip()
        event["cookies"] = [*cookies] or [f"{name}={value}" for name, value in self.cookies.items()]
        payload = self.stack.invoke(name.partition("_")[0].capitalize(), event)
        for line in payload.get("cookies", []):
            set_name, _, value = line.partition(";")[0].partition("=")
            self.cookies[set_name] = value
        return Answer(payload["statusCode"], payload["headers"], json.loads(payload.get("body") or "{}"))


def tokens_of(stack: Stack, user: User, password: str = PASSWORD) -> dict[str, Any]:
    """Log a user in."""
    answer = stack.log_in(user, password)
    assert answer.status == 200
    return answer.body


def user_of(stack: Stack, email: str) -> User | None:
    """Return who has a login name."""
    account = stack.accounts.find(email).account
    return account.user if account else None


def everything(stack: Stack) -> list[dict[str, Any]]:
    """Read the whole table, but for the keys."""
    items = every_item(stack.table._name)
    return [item for item in items if not item["PK"]["S"].startswith(("JWKS", "SIGNING"))]


def without_counters(stack: Stack) -> list[dict[str, Any]]:
    """Read the whole table, but for the keys and what counts attempts."""
    return [item for item in everything(stack) if not item["PK"]["S"].startswith("THROTTLE#")]


def waiting(stack: Stack) -> list[str]:
    """Take the messages that wait in the mail queue out of it."""
    poller = stack.deployment.mail
    bodies: list[str] = []
    while received := poller.queue.receive_message(QueueUrl=poller.url, MaxNumberOfMessages=10).get("Messages"):
        for message in received:
            poller.queue.delete_message(QueueUrl=poller.url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies


def deliver(stack: Stack, bodies: Iterable[str]) -> None:
    """Hand messages to the mailer, as a queue that delivers at least once may do again."""
    records = [{"messageId": f"m-{number}", "body": body} for number, body in enumerate(bodies)]
    assert stack.invoke("Mailer", {"Records": records}) == {"batchItemFailures": []}


def link(mail: Mail) -> dict[str, str]:
    return mail.link


def code(mail: Mail) -> dict[str, str]:
    return mail.code


either_proof = pytest.mark.parametrize("proof", [link, pytest.param(code, marks=pytest.mark.only_in_check)])
"""For what must hold for both proofs of a mail."""


def is_refused(answer: Answer) -> bool:
    """Tell whether a proof opened nothing."""
    return (answer.status, answer.body["code"]) == (400, "invalid_token")


def shown(answer: Answer) -> str:
    """Return all that a client sees of an answer, but for the ids that differ every time."""
    body = {name: value for name, value in answer.body.items() if name not in {"request", "request_id"}}
    return json.dumps([answer.status, sorted(answer.headers.items()), body], sort_keys=True)


def wrong(code: Mapping[str, str]) -> dict[str, str]:
    """Return a code of the same request that is not the right one."""
    return {"request": code["request"], "code": f"{(int(code['code']) + 1) % 10**8:08}"}
