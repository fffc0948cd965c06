"""docs/attacks.md, L, what account calls take for a body: L04 to L07, L09, L10, L11, L16, L20, L21."""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sallyport.accounts.guesses import key_of_session
from sallyport.accounts.user import User
from sallyport.identifiers import new_id
from tests.attacks.accounts.visitor import (
    NEW_PASSWORD,
    OTHER_PASSWORD,
    Visitor,
    an_address,
    everything,
    tokens_of,
    user_of,
    waiting,
    without_counters,
    wrong,
)
from tests.support.deployed import PASSWORD, Answer, Stack
from tests.support.tokens import unverified_claims
from tests.support.watch import READS, Watch
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules

GOOD: Mapping[str, Mapping[str, str]] = {
    "/auth/register": {"email": "ann@example.com"},
    "/auth/password/forgot": {"email": "ann@example.com"},
    "/auth/verify-email": {"request": "r" * 22, "code": "12345678", "password": NEW_PASSWORD},
    "/auth/password/reset": {"token": f"{'r' * 22}.{'s' * 43}", "password": NEW_PASSWORD},
    "/auth/password/change": {"current_password": PASSWORD, "new_password": NEW_PASSWORD},
    "/auth/email/change": {"email": "ann@example.com", "password": PASSWORD},
    "/auth/email/confirm": {"request": "r" * 22, "code": "12345678"},
    "/auth/me/delete": {"password": PASSWORD},
}
"""A body that each call takes."""

CONFIRMING = {
    ("/auth/password/change", "current_password"), ("/auth/email/change", "password"), ("/auth/me/delete", "password")
}  # fmt: skip
"""Where callers say their password again."""

EVERY_FIELD = [(path, name) for path, body in GOOD.items() for name in body]

SMUGGLED = {
    "roles": ["admin"], "role": "admin", "is_admin": True, "scope": "admin", "email_verified": True, "status": "active",
    "email_verified_at": 1, "token_version": 99, "ver": 99, "PK": "USER#x", "pk": "USER#x", "SK": "USER", "sk": "USER",
    "ttl": 1, "expires_at": 9_999_999_999, "password_hash": "$argon2id$", "tenant_id": "t", "user_id": "someone",
    "sub": "someone", "__proto__": {"roles": ["admin"]}, "constructor": {}, "Email": "x@example.com",
    "PASSWORD": NEW_PASSWORD, "password ": NEW_PASSWORD, "email.roles": "admin", "a#b": 1, ":x": 1, "#n": 1,
    "grant": {"user_id": "someone"}, "subject": {"user_id": "someone", "ver": 1}, "purpose": "reset_password",
    "language": "../../etc/passwd", "requested_at": 9_999_999_999, "used_at": None, "mailbox": "eve@example.com", "": 1,
}  # fmt: skip

LOOKING_LIKE_DYNAMODB = [
    {"S": "x"}, {"$ne": 1}, {"M": {}}, ":x", "#n", "attribute_exists(PK)", "a = :v OR 1=1", "USER#other", "a#b",
    "x' OR '1'='1", 'SELECT * FROM "table"', "x@example.com#EMAIL", "..", "*", "%", "\\", "OTT#r", "${jndi:ldap://x}",
    "{{7*7}}", "{% raw %}",
]  # fmt: skip

NO_TEXT: list[Any] = [None, 0, 1, -1.5, True, [], ["x"], {}, {"a": 1}, [[]]]

NO_BODIES = {
    "an array": b"[]", "a string": b'"x"', "a number": b"1", "null": b"null", "nothing but space": b" ",
    "NaN": b'{"email": NaN}', "Infinity": b'{"email": Infinity}', "1e999": b'{"email": 1e999}',
    "a lone surrogate": b'{"email": "\\ud800@example.com", "password": "x"}',
    "5000 digits": b'{"email": ' + b"9" * 5000 + b"}", "a BOM": b'\xef\xbb\xbf{"email": "x@example.com"}',
    "UTF-16": '{"email": "x@example.com"}'.encode("utf-16"), "no UTF-8": b'{"email": "\xff@example.com"}',
    "nesting": b'{"email": ' + b"[" * 8000 + b"}", "a comma": b'{"email": "x@example.com",}', "a comment": b"{/**/}",
    "a name twice": b'{"email": "x@example.com", "email": "y@example.com"}', "single quotes": b"{'email': 'x'}",
    "a form": b"email=x%40example.com&password=x", "two objects": b"{}{}", "a NUL": b'{"email": "x"}\0',
}  # fmt: skip

NO_BODIES_BUT_JSON = {"1e999": {"invalid_request", "unknown_field"}}

every_call = pytest.mark.parametrize("path", GOOD)


@pytest.fixture
def token(login: dict[str, Any]) -> str:
    """What a caller of the calls that ask for one sends. Nothing here voids it."""
    return str(login["access_token"])


@pytest.fixture
def refused(stack: Stack, watch: Watch, token: str) -> Callable[..., Answer]:
    """Send a body that is refused for its form, and hold that to what every attack promises."""

    def send(path: str, body: object, *secrets: str) -> Answer:
        with watch.quiet(*secrets, reads=frozenset()) as lines:
            answer = stack.post(path, body, access_token=token)
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert lines[0]["level"] == "INFO"
        return answer

    return send


# L09: more than was asked for


@every_call
def test_l09_a_field_that_a_call_does_not_know_is_refused_before_anything_happens(
    refused: Callable[..., Answer], path: str
) -> None:
    for name, value in SMUGGLED.items():
        answer = refused(path, {**GOOD[path], name: value}, PASSWORD, NEW_PASSWORD)

        assert answer.body["code"] == "unknown_field"
        assert [error["field"] for error in answer.body["errors"]] == [name]


def test_l09_a_new_account_has_what_every_new_account_has_and_nothing_else(stack: Stack, visitor: Visitor) -> None:
    email = an_address()
    before = [item["PK"] for item in everything(stack)]
    mail = visitor.registered(email)
    assert visitor.verify(mail.code).status == 200
    user = user_of(stack, email)
    assert user is not None

    stored = {item["PK"]["S"]: item for item in everything(stack) if item["PK"] not in before}

    (name,) = stack.table.get((f"EMAIL#{email}", "EMAIL"))
    (item,) = stack.table.get((f"USER#{user.user_id}", "USER"))
    (credential,) = stack.table.get((f"CREDENTIAL#{user.user_id}", "CREDENTIAL"))
    assert name == {"PK": f"EMAIL#{email}", "SK": "EMAIL", "user_id": user.user_id}
    assert item == {
        "PK": f"USER#{user.user_id}", "SK": "USER", "email": email, "token_version": 1, "status": "active",
        "roles": [], "created_at": stack.now, "email_verified_at": stack.now,
    }  # fmt: skip
    assert credential is not None
    assert credential.keys() == {"PK", "SK", "password_hash"}
    assert {key.partition("#")[0] for key in stored} == {"AUDIT", "CREDENTIAL", "EMAIL", "OTT", "THROTTLE", "USER"}


def test_l09_nothing_that_a_redemption_says_can_choose_the_user(stack: Stack, visitor: Visitor, user: User) -> None:
    mine, theirs = stack.new_user(), user
    mail = visitor.forgotten(mine.email)

    assert visitor.send("/auth/password/reset", **mail.link, password=NEW_PASSWORD, email=theirs.email).status == 400
    assert visitor.reset(mail.link).status == 200

    assert visitor.log_in(theirs.email, NEW_PASSWORD).status == 401
    assert visitor.log_in(mine.email, NEW_PASSWORD).status == 200


@pytest.mark.parametrize("path", ["/auth/verify-email", "/auth/password/reset", "/auth/email/confirm"])
@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"request": "r" * 22},
        {"code": "12345678"},
        {"token": "t", "request": "r" * 22, "code": "12345678"},
        {"token": "t", "code": "12345678"},
    ],
    ids=str,
)
def test_l09_half_a_proof_or_two_are_none(refused: Callable[..., Answer], path: str, proof: dict[str, str]) -> None:
    rest = {} if path.endswith("confirm") else {"password": NEW_PASSWORD}

    assert refused(path, {**proof, **rest}, NEW_PASSWORD).body["code"] == "invalid_request"


# L10: values that look like DynamoDB


@pytest.mark.parametrize(("path", "name"), [call for call in EVERY_FIELD if call[1] != "new_password"])
def test_l10_what_looks_like_dynamodb_is_data(stack: Stack, watch: Watch, token: str, path: str, name: str) -> None:
    """A text is a wrong one, and anything else is no text. A new password may be any text at all."""
    before = without_counters(stack)
    for value in LOOKING_LIKE_DYNAMODB:
        is_wrong_password = isinstance(value, str) and (path, name) in CONFIRMING
        stack.guesses.clear(key_of_session(str(unverified_claims(token)["sid"])), now=stack.now)
        with watch.quiet(token, reads=READS | {"UpdateItem"}) as lines:
            answer = stack.post(path, {**GOOD[path], name: value}, access_token=token)
        assert answer.status == (403 if is_wrong_password else 400)
        assert lines[0]["level"] == "INFO"

    assert without_counters(stack) == before
    assert waiting(stack) == []


@pytest.mark.parametrize(
    "request_id", ["USER#x", "r" * 21 + "#", "r" * 21 + "/", "../" + "r" * 19, "r" * 22 + "\n", "é" * 22]
)
def test_l10_no_request_id_becomes_another_key(stack: Stack, watch: Watch, request_id: str) -> None:
    visitor = Visitor(stack)
    for proof in ({"request": request_id, "code": "12345678"}, {"token": f"{request_id}.{'s' * 43}"}):
        with watch.quiet(NEW_PASSWORD, reads=frozenset()):
            assert visitor.verify(proof).body["code"] == "invalid_token"


# L11: whatever is no text


@pytest.mark.parametrize(("path", "name"), EVERY_FIELD)
def test_l11_nothing_but_text_is_text(refused: Callable[..., Answer], path: str, name: str) -> None:
    for value in NO_TEXT:
        if value is None and name in {"token", "request", "code"}:
            continue  # null is absent: see half a proof
        answer = refused(path, {**GOOD[path], name: value})
        assert answer.body["code"] == "invalid_request"
        assert {error["field"] for error in answer.body["errors"]} == {name}


@pytest.mark.parametrize("mode", [1, True, ["cookie"], {"cookie": 1}, "COOKIE", "", "both"])
@pytest.mark.parametrize("path", ["/auth/verify-email", "/auth/password/reset"])
def test_l11_a_mode_is_one_of_two_words(refused: Callable[..., Answer], path: str, mode: object) -> None:
    answer = refused(path, {**GOOD[path], "mode": mode}, NEW_PASSWORD)

    assert [error["field"] for error in answer.body["errors"]] == ["mode"]


@every_call
def test_l11_what_is_not_one_json_object_of_text_is_refused(refused: Callable[..., Answer], path: str) -> None:
    for name, body in NO_BODIES.items():
        assert refused(path, body).body["code"] in {"invalid_json", *NO_BODIES_BUT_JSON.get(name, ())}, name


@every_call
def test_l11_too_long_a_body_is_not_read(stack: Stack, watch: Watch, token: str, path: str) -> None:
    body = json.dumps({**GOOD[path], "x": "y" * 16_384}).encode()
    with watch.quiet(token, reads=frozenset()):
        assert stack.post(path, body, access_token=token).status == 413


# L04, L05, L06, L16: a sample of each rule for passwords, at every call that takes a new one

NEW_PASSWORDS: Mapping[str, tuple[str, str]] = {
    "L04 empty": ("", "password_too_short"),
    "L04 one": ("a", "password_too_short"),
    "L04 fourteen": ("correct horse!", "password_too_short"),
    "L04 1025 bytes": ("é" * 512 + "a", "password_too_long"),
    "L05 marks": ("e" + "\u0301" * 2500, "password_too_long"),
    "L05 ligatures": ("\ufdfa" * 2500, "password_too_long"),
    "L05 joiners": ("a\u200d" * 2000, "password_too_long"),
    "L06 NFD counts as it is hashed": ("e\u0301" * 14, "password_too_short"),
    "L16 common": ("123456789012345", "password_common"),
    "L16 common in capitals": ("QWERTYUIOPASDFGHJKL", "password_common"),
}


@pytest.mark.parametrize("path", ["/auth/verify-email", "/auth/password/reset", "/auth/password/change"])
def test_l04_l05_l16_a_new_password_that_breaks_a_rule_is_refused_before_any_hash(
    refused: Callable[..., Answer], hashes: list[str], path: str
) -> None:
    field = "new_password" if path.endswith("change") else "password"
    for password, code in NEW_PASSWORDS.values():
        answer = refused(path, {**GOOD[path], field: password}, password if len(password) > 12 else "")

        assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]
    assert hashes == []


STRONG = [
    "correct horse.!", "  leading and trailing  ", "\u00e9" * 511, " " * 15 + "x", "nul\0inside a password",
    "\U0001d7cf \U0001f469\u200d\U0001f467 \u05e9\u05dc\u05d5\u05dd and so on", "sallyport 123456",
    "correct 123456789012345",
]  # fmt: skip


@pytest.mark.parametrize("password", STRONG, ids=range(len(STRONG)))
def test_l04_l06_any_other_text_of_fifteen_to_1024_bytes_is_a_password_to_the_letter(
    stack: Stack, visitor: Visitor, password: str
) -> None:
    email = an_address()
    assert visitor.verify(visitor.registered(email).link, password).status == 200

    for other in (password + "?", password[:-1], password.partition("\0")[0] + "!", password.strip() + "."):
        assert visitor.log_in(email, other).status == 401
    assert visitor.log_in(email, password).status == 200


def test_l06_a_password_is_the_same_in_either_form_of_unicode(stack: Stack, visitor: Visitor) -> None:
    email = an_address()
    composed, decomposed = "caf\u00e9 au lait, s'il", "cafe\u0301 au lait, s'il"
    assert visitor.verify(visitor.registered(email).link, decomposed).status == 200

    assert visitor.log_in(email, composed).status == 200
    assert visitor.log_in(email, "cafe au lait, s'il").status == 401


# L07: a sample of addresses, where mail is sent


NO_ADDRESSES = [
    "victim@example.com\r\nBcc: eve@evil.example", "victim@example.com, eve@evil.example", "Eve <victim@example.com>",
    "victim@example.com\0", '"victim @x"@example.com', "victim@example.com@evil.example", "vi\u0441tim@example.com",
    "victim@[127.0.0.1]", "@example.com", "victim", "", "a" * 65 + "@example.com", "victim@example",
    "\ufb01@example.com", "victim@" + "a" * 250 + ".com", "victim\u200b@example.com", "victim@exam ple.com",
    "\u212aate@example.com",
]  # fmt: skip


@pytest.mark.parametrize("path", ["/auth/register", "/auth/password/forgot", "/auth/email/change"])
def test_l07_nothing_is_mailed_to_what_is_not_one_address(
    stack: Stack, refused: Callable[..., Answer], path: str
) -> None:
    for typed in NO_ADDRESSES:
        assert refused(path, {**GOOD[path], "email": typed}).body["code"] == "invalid_email", typed

    assert waiting(stack) == []


@pytest.mark.parametrize("spell", [str.upper, str.title, lambda email: f" {email}\u00a0"])
def test_l07_mail_goes_to_the_stored_address_however_it_was_typed(
    stack: Stack, visitor: Visitor, spell: Callable[[str], str]
) -> None:
    user = stack.new_user()
    visitor.forgot(spell(user.email))

    (message,) = waiting(stack)

    assert json.loads(message)["email"] == user.email


# L20: what a browser holds already


@pytest.mark.parametrize("path", ["/auth/verify-email", "/auth/password/reset"])
def test_l20_a_page_of_others_cannot_give_a_browser_an_account(stack: Stack, visitor: Visitor, path: str) -> None:
    """In cookie mode it would be known there as a device of the attacker's account."""
    user = stack.new_user()
    mail = visitor.forgotten(user.email) if path.endswith("reset") else visitor.registered(an_address())
    body = {**mail.link, "password": NEW_PASSWORD, "mode": "cookie"}
    for headers in (
        {},
        {"origin": "https://evil.example", "x-sallyport-csrf": "1"},
        {"origin": "http://127.0.0.1:5173"},
    ):
        answer = stack.post(path, body, headers=headers)
        assert (answer.status, answer.body["code"]) == (403, "csrf_rejected")

    assert visitor.send(path, **mail.link, password=NEW_PASSWORD).status == 200


def test_l20_after_a_change_of_password_nothing_that_was_given_out_before_works(
    stack: Stack, visitor: Visitor, user: User
) -> None:
    mine, stolen = tokens_of(stack, user), tokens_of(stack, user)

    changed = visitor.change_password(mine["access_token"])

    assert changed.status == 200
    assert changed.body["session_id"] == mine["session_id"]
    for old in (mine, stolen):
        assert not stack.authorize(old["access_token"])["isAuthorized"]
        assert stack.refresh(old["refresh_token"]).status == 401
    assert stack.authorize(changed.body["access_token"])["isAuthorized"]
    assert stack.refresh(changed.body["refresh_token"]).status == 200


@pytest.mark.parametrize("path", ["/auth/password/change", "/auth/email/change", "/auth/me/delete"])
def test_l20_a_stolen_access_token_changes_nothing_without_the_password(
    stack: Stack, watch: Watch, user: User, path: str
) -> None:
    token = tokens_of(stack, user)["access_token"]
    name = "current_password" if path.endswith("password/change") else "password"
    with watch.quiet(token, PASSWORD, reads=READS | {"UpdateItem"}):  # the failure is counted
        answer = stack.post(path, {**GOOD[path], name: "wrong horse battery staple"}, access_token=token)

    assert (answer.status, answer.body["code"]) == (403, "invalid_credentials")
    assert user_of(stack, user.email) == user
    assert waiting(stack) == []


@pytest.mark.parametrize(
    "path", ["/auth/password/change", "/auth/email/change", "/auth/email/confirm", "/auth/me/delete"]
)
def test_l20_a_token_that_is_dead_changes_nothing_although_the_authorizer_has_let_it_pass(
    stack: Stack, watch: Watch, user: User, path: str
) -> None:
    """An answer of the authorizer may be a moment old, or stateless."""
    token = tokens_of(stack, user)["access_token"]
    mail = Visitor(stack).forgotten(user.email)
    assert Visitor(stack).reset(mail.link, PASSWORD).status == 200  # the same password: only the token is dead
    waiting(stack)

    with watch.quiet(token, reads=READS):
        answer = stack.post(path, GOOD[path], access_token=token)

    assert (answer.status, answer.body["code"]) == (401, "invalid_token")
    assert waiting(stack) == []


def _verified(stack: Stack, visitor: Visitor) -> str:
    email = an_address()
    assert visitor.verify(visitor.registered(email).link).status == 200
    return email


def _was_reset(stack: Stack, visitor: Visitor) -> str:
    email = stack.new_user().email
    assert visitor.reset(visitor.forgotten(email).code).status == 200
    return email


def _changed(stack: Stack, visitor: Visitor) -> str:
    user = stack.new_user()
    assert visitor.change_password(tokens_of(stack, user)["access_token"]).status == 200
    return user.email


@pytest.mark.parametrize("choose", [_verified, _was_reset, _changed])
def test_l21_a_new_password_is_stored_as_argon2id_with_a_salt_of_its_own(
    stack: Stack, visitor: Visitor, choose: Callable[[Stack, Visitor], str]
) -> None:
    accounts = [stack.accounts.find(choose(stack, visitor)).account for _ in range(2)]
    hashes = [str(account.password_hash) for account in accounts if account]

    assert all(stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for stored in hashes)
    assert len({stored.split("$")[4] for stored in hashes}) == 2
    assert NEW_PASSWORD not in repr(everything(stack))


_SALT_AND_HASH = f"$c29tZXNhbHRzb21lc2FsdA${'A' * 43}"


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "garbage",
        f"$argon2id$v=19$m=2097152,t=2,p=1{_SALT_AND_HASH}",
        f"$argon2i$v=19$m=19456,t=2,p=1{_SALT_AND_HASH}",
        f"$argon2id$v=19$m=19456,t=200,p=1{_SALT_AND_HASH}",
    ],
    ids=["empty", "garbage", "2 GiB", "argon2i", "200 passes"],
)
def test_l21_a_stored_code_that_we_cannot_have_written_opens_nothing(
    stack: Stack, visitor: Visitor, hashes: list[str], stored: str
) -> None:
    mail = visitor.registered(an_address())
    (item,) = stack.table.get((f"OTT#{mail.request}", "verify_email"))
    stack.table.put({**(item or {}), "code_hash": stored})
    hashes.clear()

    assert visitor.verify(mail.code).body["code"] == "invalid_token"

    assert hashes == ["verify"]  # the decoy


def test_l21_no_answer_and_no_line_holds_a_password_or_a_proof(
    stack: Stack, visitor: Visitor, watch: Watch, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    email = an_address()
    mail = visitor.registered(email)
    secrets = (mail.link["token"].partition(".")[2], mail.code["code"], NEW_PASSWORD, OTHER_PASSWORD, email, new_id())
    answers = [
        visitor.verify(wrong(mail.code)),
        visitor.verify({"token": mail.link["token"][:-1]}),
        visitor.verify(mail.code, email),
        visitor.verify(mail.code, OTHER_PASSWORD),
        visitor.verify(mail.link),
    ]
    tokens = visitor.log_in(email, OTHER_PASSWORD).body
    answers.append(visitor.change_email(tokens["access_token"], an_address(), NEW_PASSWORD))
    answers.append(visitor.change_password(tokens["access_token"], NEW_PASSWORD, NEW_PASSWORD))

    (handler,) = logging.getLogger(caplog.records[0].name).handlers
    written = " ".join(handler.format(record) for record in caplog.records)
    for secret in secrets:
        assert secret not in written
        assert secret not in json.dumps([answer.body for answer in answers])
