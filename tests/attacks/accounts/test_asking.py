"""docs/attacks.md, L, where mails are asked for: L17, L18, L26, and what nobody learns from it."""

import json
import re
from collections.abc import Mapping

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import deploy
from dev.aws.recorded import RecordingClients
from sallyport.aws.dynamodb.throttle import throttle_key
from sallyport.identifiers import new_id
from tests.attacks.accounts.visitor import Visitor, an_address, deliver, everything, shown, user_of, waiting
from tests.support.builders import an_ip
from tests.support.deployed import STRICT, Stack, open_stack, sample
from tests.support.tokens import ISSUER
from tests.support.watch import Watch
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules

MINUTE = 60
ASKING = ["/auth/register", "/auth/password/forgot"]
SPOOFED = {
    "host": "evil.example", "x-forwarded-host": "evil.example", "x-host": "evil.example", "x-forwarded-proto": "http",
    "forwarded": "host=evil.example;proto=http", "x-original-host": "evil.example",
    "x-forwarded-server": "evil.example", "x-forwarded-port": "8080", "x-original-url": "http://evil.example/",
    "x-rewrite-url": "http://evil.example/",
    "origin": "https://evil.example", "referer": "https://evil.example/",
}  # fmt: skip

every_way_to_ask = pytest.mark.parametrize("path", ASKING)


@pytest.fixture
def addresses(stack: Stack) -> Mapping[str, str]:
    """One address of each kind that a stranger would tell apart."""
    return {
        "unknown": an_address(),
        "known": stack.new_user().email,
        "disabled": stack.new_user(status="disabled").email,
        "without a password": _without_a_password(stack),
    }


def _without_a_password(stack: Stack) -> str:
    user = stack.new_user()
    stack.table.delete([(f"CREDENTIAL#{user.user_id}", "CREDENTIAL")])
    return user.email


@every_way_to_ask
def test_l17_the_answer_the_calls_and_the_log_say_nothing_of_the_account(
    stack: Stack, addresses: Mapping[str, str], wire: Wire, watch: Watch, hashes: list[str], path: str
) -> None:
    seen = set()
    for email in addresses.values():
        with watch.quiet(email, reads=frozenset({"UpdateItem", "SendMessage"})) as lines:
            answer = Visitor(stack).send(path, email=email)
        logged = {name: lines[0].get(name) for name in ("route", "status", "outcome", "reason", "also", "level")}
        seen.add((shown(answer), json.dumps(logged), tuple(wire.calls), tuple(hashes)))

    ((told, _, calls, computed),) = seen
    assert json.loads(told)[0] == 202
    assert (calls, computed) == (("UpdateItem", "UpdateItem", "SendMessage"), ())


@every_way_to_ask
def test_l17_what_waits_in_the_queue_opens_nothing(stack: Stack, visitor: Visitor, path: str) -> None:
    """Whoever reads the queue, or the dead-letter queue, finds an address and the id of a request."""
    email = an_address()
    answer = visitor.send(path, email=email)

    (body,) = waiting(stack)

    assert json.loads(body).keys() == {"purpose", "email", "request", "requested_at", "language", "subject"}
    assert json.loads(body)["request"] == answer.body["request"]
    deliver(stack, [body])
    mails = visitor.mails(email)
    for mail in mails:
        assert mail.code["code"] not in body
        assert mail.link["token"].partition(".")[2] not in body


def test_l17_before_the_mail_is_answered_there_is_nothing_that_could_be_taken_over(
    stack: Stack, visitor: Visitor
) -> None:
    email = an_address()
    mail = visitor.registered(email)

    assert user_of(stack, email) is None
    assert not [item for item in everything(stack) if item["PK"]["S"].startswith(("USER#", "EMAIL#", "CREDENTIAL#"))]
    assert visitor.log_in(email).status == 401
    assert visitor.verify(mail.link).status == 200
    assert user_of(stack, email) is not None


def test_l03_a_known_address_gets_a_mail_that_opens_nothing_and_a_disabled_user_none(
    stack: Stack, visitor: Visitor, addresses: Mapping[str, str]
) -> None:
    for email in addresses.values():
        visitor.register(email)

    mailed = {kind: visitor.mails(email) for kind, email in addresses.items()}

    assert {kind: len(mails) for kind, mails in mailed.items()} == {
        "unknown": 1, "known": 1, "disabled": 0, "without a password": 1
    }  # fmt: skip
    assert mailed["unknown"][0].proves()
    assert not mailed["known"][0].proves()
    assert not mailed["without a password"][0].proves()


def test_l17_a_reset_is_mailed_to_whoever_has_an_account_and_each_request_is_written_down(
    stack: Stack, visitor: Visitor, addresses: Mapping[str, str]
) -> None:
    """Also those that open nothing: else a wrong code would tell which have an account, by the work that it makes."""
    asked = {kind: visitor.forgot(email).body["request"] for kind, email in addresses.items()}

    mailed = {kind: len(visitor.mails(email)) for kind, email in addresses.items()}

    assert mailed == {"unknown": 0, "known": 1, "disabled": 0, "without a password": 1}
    written = [stack.table.get((f"OTT#{request}", "reset_password"))[0] for request in asked.values()]
    assert all(item is not None for item in written)
    shapes = {frozenset(item) - {"user_id", "token_version", "email"} for item in written if item}
    assert shapes == {
        frozenset({"PK", "SK", "mailbox", "secret_hash", "code_hash", "opens", "tries", "expires_at", "ttl"})
    }


def test_l17_nothing_that_is_stored_for_a_mail_opens_it(stack: Stack, visitor: Visitor) -> None:
    """A reader of the table, of a backup or of its stream has no link, and cannot search the codes."""
    mail = visitor.registered(an_address())

    held = repr(everything(stack))

    _, _, secret = mail.link["token"].partition(".")
    assert secret not in held
    assert mail.code["code"] not in held
    (hashed,) = re.findall(r"'code_hash': {'S': '([^']+)'", held)
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


# L18: whose links


@every_way_to_ask
def test_l18_no_header_says_where_a_link_leads(stack: Stack, visitor: Visitor, path: str) -> None:
    email = stack.new_user().email if path.endswith("forgot") else an_address()

    answer = stack.post(path, {"email": email}, ip=visitor.ip, headers=SPOOFED)

    assert answer.status == 202
    mail = visitor.mail(email)
    assert mail.page in {"http://127.0.0.1:5173/verify-email", "http://127.0.0.1:5173/reset-password"}
    assert "evil.example" not in mail.text + mail.html


@every_way_to_ask
def test_l18_no_field_says_where_a_link_leads(stack: Stack, visitor: Visitor, path: str) -> None:
    for name in ("redirect_uri", "next", "url", "return_to", "callback", "host", "app_url"):
        answer = visitor.send(path, email=an_address(), **{name: "https://evil.example/"})

        assert (answer.status, answer.body["code"]) == (400, "unknown_field")
    assert waiting(stack) == []


def test_l18_the_name_of_the_device_is_only_text_in_a_notice(stack: Stack, visitor: Visitor) -> None:
    """A user agent is a stranger's text, in a mail that the user trusts."""
    user = stack.new_user()
    mail = visitor.forgotten(user.email)
    event = sample("logout_ended", body={**mail.link, "password": "a third horse without a staple"})
    event["routeKey"] = "POST /auth/password/reset"
    http = event["requestContext"]["http"]
    http["userAgent"] = '<a href="https://evil.example">Confirm</a>\r\nBcc: eve@example.com'
    http["sourceIp"] = '"><img src=x>'

    assert stack.call("Password", event).status == 200

    notice = visitor.mail(user.email)
    assert notice.subject == "Your password for Sallyport was reset"
    assert '<a href="https://evil.example' not in notice.html
    assert "<img src=x" not in notice.html
    assert "\nBcc:" not in notice.text


# L26: mail bombing


@every_way_to_ask
def test_l26_the_sixth_mail_in_ten_minutes_is_not_sent_and_nobody_learns_of_it(
    stack: Stack, watch: Watch, wire: Wire, path: str
) -> None:
    """A hundred clients ask for one address: it stays quiet there, and the mails that came stay good."""
    email = stack.new_user().email if path.endswith("forgot") else an_address()
    answers = [shown(Visitor(stack).send(path, email=email)) for _ in range(5)]
    wire.reset()
    answers += [shown(Visitor(stack).send(path, email=email)) for _ in range(20)]

    assert "SendMessage" not in wire.calls
    assert len(set(answers)) == 1
    mails = Visitor(stack).mails(email)
    assert len(mails) == 5
    spend = Visitor(stack).verify if path.endswith("register") else Visitor(stack).reset
    assert spend(mails[0].link).status == 200


def test_l26_register_and_forgot_share_what_an_address_may_be_mailed(stack: Stack) -> None:
    email = stack.new_user().email
    for path in (ASKING * 3)[:6]:
        Visitor(stack).send(path, email=email)

    assert len(Visitor(stack).mails(email)) == 5


@every_way_to_ask
def test_l26_an_address_is_mailed_again_after_ten_minutes(stack: Stack, path: str) -> None:
    email = stack.new_user().email
    for _ in range(6):
        Visitor(stack).send(path, email=email)
    waiting(stack)

    stack.clock.advance(10 * MINUTE - 1)
    Visitor(stack).send(path, email=email)
    assert len(waiting(stack)) == 0
    stack.clock.advance(1)
    Visitor(stack).send(path, email=email)
    assert len(waiting(stack)) == 1


def test_l26_a_client_may_have_twenty_mails_sent_whatever_it_asks_for(stack: Stack, visitor: Visitor) -> None:
    answers = [visitor.send(ASKING[number % 2], email=an_address()) for number in range(21)]

    assert [answer.status for answer in answers] == [202] * 20 + [429]
    assert answers[20].body["code"] == "too_many_attempts"
    wait = int(answers[20].headers["retry-after"])
    assert answers[20].body["retry_after"] == wait == MINUTE
    stack.clock.advance(wait - 1)
    assert visitor.register(an_address()).status == 429
    stack.clock.advance(1)
    assert visitor.register(an_address()).status == 202
    assert visitor.elsewhere().register(an_address()).status == 202


def test_l26_a_client_that_is_refused_touches_no_address(stack: Stack, visitor: Visitor, wire: Wire) -> None:
    """Or else it could keep an address from its mail for nothing."""
    for _ in range(20):
        visitor.register(an_address())
    victim = an_address()
    wire.reset()

    for _ in range(10):
        assert visitor.forgot(victim).status == 429

    assert set(wire.calls) == {"UpdateItem"}
    assert stack.table.get(throttle_key(f"email:{victim}", "mail")) == [None]
    assert visitor.elsewhere().register(victim).status == 202
    assert len(visitor.mails(victim)) == 1


def test_l26_a_client_with_ipv6_is_its_network(stack: Stack) -> None:
    """A single client has 2^64 addresses."""
    network = an_ip().removesuffix("1")
    for number in range(20):
        assert Visitor(stack, f"{network}{number + 1:x}").register(an_address()).status == 202

    assert Visitor(stack, f"{network}ffff:0:1").register(an_address()).status == 429
    assert Visitor(stack, f"{network}ffff".upper()).register(an_address()).status == 429
    assert Visitor(stack).register(an_address()).status == 202


def test_l26_one_ipv4_client_is_one_however_its_address_is_written(stack: Stack) -> None:
    for _ in range(20):
        assert Visitor(stack, "203.0.113.77").register(an_address()).status == 202

    assert Visitor(stack, "::ffff:203.0.113.77").register(an_address()).status == 429
    assert Visitor(stack, "203.0.113.78").register(an_address()).status == 202


@pytest.mark.parametrize("spelling", ["{}", "  {} ", "upper"])
def test_l26_an_address_has_one_bucket_however_it_is_written(stack: Stack, spelling: str) -> None:
    email = an_address()
    typed = email.upper() if spelling == "upper" else spelling.format(email)
    for _ in range(5):
        Visitor(stack).register(typed)
    waiting(stack)

    Visitor(stack).register(email)

    assert waiting(stack) == []


# Registration that is closed


@pytest.fixture
def closed(cloud: Cloud, stack: Stack, recording: RecordingClients) -> Stack:
    settings = {**STRICT, "REGISTRATION_OPEN": "false"}
    deployment = deploy(ISSUER, settings, table_name=f"closed-{new_id()}", clients=recording)
    return open_stack(deployment, stack.clock, stack.outbox)


def test_l17_where_registration_is_closed_nobody_learns_who_has_an_account(closed: Stack, wire: Wire) -> None:
    known = closed.new_user().email
    wire.reset()

    answers = {shown(Visitor(closed).register(email)) for email in (known, an_address())}

    ((told),) = answers
    assert (json.loads(told)[0], json.loads(told)[2]["code"]) == (403, "registration_closed")
    assert wire.calls == []
    assert waiting(closed) == []
    assert Visitor(closed).forgotten(known).proves()
