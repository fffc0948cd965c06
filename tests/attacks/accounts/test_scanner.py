"""docs/attacks.md, L30: mail scanners, which fetch every link and submit every form before a person reads the mail."""

import json
import re
from html import unescape
from urllib.parse import urlencode, urlsplit

import pytest

from dev.gateway.events import HttpResponse
from sallyport.accounts.user import User
from tests.attacks.accounts.visitor import NEW_PASSWORD, Mail, Visitor, an_address, everything, tokens_of, user_of
from tests.attacks.gateway import a_request, gateway_before
from tests.support.deployed import PASSWORD, Stack

pytestmark = pytest.mark.only_in_check

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"]
ROUTES = ["/auth/verify-email", "/auth/password/reset", "/auth/email/confirm"]
FORM = ("content-type", "application/x-www-form-urlencoded")


def links_of(mail: Mail) -> set[str]:
    """Return every address in either body, as scanners find them."""
    return {unescape(found) for found in re.findall(r"https?://[^\s\"'<>]+", mail.text + " " + mail.html)}


def scan(stack: Stack, mail: Mail) -> list[HttpResponse]:
    """Fetch and submit all that a mail links to, at the pages' paths and at our own, as a browser and as a robot."""
    gateway, answers = gateway_before(stack), []
    for link in links_of(mail):
        parts = urlsplit(link)
        token = parts.query.removeprefix("token=")
        for path in (parts.path, f"/auth{parts.path}", *ROUTES):
            target = f"{path}?{parts.query}"
            answers += [gateway.answer(a_request(method, target)) for method in METHODS]
            bodies = [
                (FORM, parts.query), (FORM, urlencode({"token": token, "password": NEW_PASSWORD})),
                (("content-type", "text/plain"), json.dumps({"token": token, "password": NEW_PASSWORD})),
                (("content-type", "multipart/form-data; boundary=x"), f"--x\r\n\r\n{token}\r\n--x--"),
                (("content-type", "application/json"), "{}"),
                (("content-type", "application/json"), json.dumps({"token": token})),
                (("content-type", "application/json"), json.dumps({"token": token, "password": ""})),
                (("content-type", "application/json"), json.dumps({"token": token, "password": "test"})),
            ]  # fmt: skip
            answers += [
                gateway.answer(a_request("POST", target, header, body=body.encode())) for header, body in bodies
            ]
    return answers


def unchanged(stack: Stack) -> list[dict[str, object]]:
    return [item for item in everything(stack) if not item["PK"]["S"].startswith("THROTTLE#")]


def test_l30_a_mail_has_one_link_and_it_leads_to_the_app(stack: Stack, visitor: Visitor, user: User) -> None:
    new = an_address()
    visitor.change_email(tokens_of(stack, user)["access_token"], new)
    mails = {
        "verify-email": visitor.registered(an_address()),
        "reset-password": visitor.forgotten(user.email),
        "confirm-email": visitor.mail(new),
    }

    for page, mail in mails.items():
        (link,) = links_of(mail)
        assert link == f"http://127.0.0.1:5173/{page}?token={mail.link['token']}"


def test_l30_a_mail_that_opens_nothing_has_no_link(stack: Stack, visitor: Visitor, user: User) -> None:
    visitor.register(user.email)
    visitor.change_email(tokens_of(stack, user)["access_token"], an_address())
    visitor.reset(visitor.forgotten(user.email).link)

    known, told, reset, notice = visitor.mails(user.email)
    assert reset.proves()
    for mail in (known, told, notice):
        assert links_of(mail) == set()


@pytest.mark.parametrize("kind", ["register", "forgot", "move"])
def test_l30_a_scanner_changes_nothing_and_a_persons_link_and_code_still_work(
    stack: Stack, visitor: Visitor, user: User, kind: str
) -> None:
    token, email = tokens_of(stack, user)["access_token"], an_address()
    if kind == "register":
        mail = visitor.registered(email)
    elif kind == "forgot":
        mail = visitor.forgotten(user.email)
    else:
        visitor.change_email(token, email)
        mail = visitor.mail(email)
    before = unchanged(stack)

    answers = scan(stack, mail)

    assert not [answer.status for answer in answers if answer.status < 400 and answer.status != 204]
    assert all(answer.status < 500 for answer in answers)
    assert unchanged(stack) == before
    if kind == "register":
        assert visitor.verify(mail.code).status == 200
    elif kind == "forgot":
        assert visitor.log_in(user.email, PASSWORD).status == 200
        assert visitor.reset(mail.link).status == 200
    else:
        assert user_of(stack, user.email) == user
        assert visitor.confirm(token, mail.link).status == 204
