"""docs/attacks.md, L, where a link or a code is redeemed: L17, L19, L23, L24, L25."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping

import pytest

from dev.aws.cloud import Cloud
from dev.aws.deployment import deploy
from dev.aws.recorded import RecordingClients
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import Item
from sallyport.identifiers import new_id
from tests.attacks.accounts.visitor import (
    NEW_PASSWORD,
    OTHER_PASSWORD,
    Mail,
    Visitor,
    an_address,
    code,
    deliver,
    either_proof,
    is_refused,
    link,
    shown,
    tokens_of,
    user_of,
    waiting,
    wrong,
)
from tests.support.builders import DAY, an_audit
from tests.support.deployed import PASSWORD, STRICT, Answer, Stack, open_stack
from tests.support.tokens import ISSUER
from tests.support.watch import Watch
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules

LIFETIME = 1800
WRITES = frozenset({"UpdateItem", "BatchGetItem", "Query", "Decrypt"})
"""What a proof that opens nothing may cause: counters, reads, and keys that are read again."""

Spend = Callable[[Visitor, Mapping[str, str]], Answer]


def token_item(stack: Stack, mail: Mail, purpose: str) -> Item:
    (item,) = stack.table.get((f"OTT#{mail.request}", purpose))
    assert item is not None
    return item


# L17: what a reset does, and what makes it void


@either_proof
def test_l17_a_reset_ends_every_session_and_logs_nobody_in(
    stack: Stack, visitor: Visitor, user: User, proof: Callable[[Mail], dict[str, str]]
) -> None:
    before = [tokens_of(stack, user) for _ in range(2)]

    answer = visitor.reset(proof(visitor.forgotten(user.email)))

    assert (answer.status, set(answer.body)) == (200, {"device_token"})
    after = user_of(stack, user.email)
    assert after is not None
    assert (after.token_version, after.email_verified_at) == (2, stack.now)
    for tokens in before:
        assert not stack.authorize(tokens["access_token"])["isAuthorized"]
        assert stack.refresh(tokens["refresh_token"]).status == 401
    assert visitor.log_in(user.email, PASSWORD).status == 401
    assert visitor.log_in(user.email, NEW_PASSWORD).status == 200


@either_proof
def test_l17_a_proof_opens_once(
    stack: Stack, visitor: Visitor, user: User, proof: Callable[[Mail], dict[str, str]]
) -> None:
    reset, registered = visitor.forgotten(user.email), visitor.registered(an_address())
    assert visitor.reset(proof(reset)).status == 200
    assert visitor.verify(proof(registered)).status == 200

    for again in (link, code):
        assert is_refused(visitor.reset(again(reset), OTHER_PASSWORD))
        assert is_refused(visitor.verify(again(registered), OTHER_PASSWORD))
    assert visitor.log_in(user.email, NEW_PASSWORD).status == 200


@either_proof
def test_l17_a_proof_is_good_until_its_half_hour_is_over(
    stack: Stack, visitor: Visitor, proof: Callable[[Mail], dict[str, str]]
) -> None:
    timely, late = (visitor.registered(an_address()) for _ in range(2))
    stack.clock.advance(LIFETIME - 1)
    assert visitor.verify(proof(timely)).status == 200
    stack.clock.advance(1)
    assert is_refused(visitor.verify(proof(late)))


@either_proof
def test_l17_its_end_counts_from_the_request_and_not_from_the_mail(
    stack: Stack, visitor: Visitor, proof: Callable[[Mail], dict[str, str]]
) -> None:
    addresses = an_address(), an_address()
    for email in addresses:
        visitor.register(email)
    stack.clock.advance(LIFETIME - 1)
    timely, late = (visitor.mail(email) for email in addresses)

    assert visitor.verify(proof(timely)).status == 200
    stack.clock.advance(1)
    assert is_refused(visitor.verify(proof(late)))


def _changes_the_password(stack: Stack, visitor: Visitor, user: User) -> None:
    assert visitor.change_password(tokens_of(stack, user)["access_token"], OTHER_PASSWORD).status == 200


def _moves_away(stack: Stack, visitor: Visitor, user: User) -> None:
    token, email = tokens_of(stack, user)["access_token"], an_address()
    assert visitor.change_email(token, email).status == 202
    assert visitor.confirm(token, visitor.mail(email).link).status == 204


def _resets_by_another_mail(stack: Stack, visitor: Visitor, user: User) -> None:
    assert visitor.reset(visitor.forgotten(user.email).link, OTHER_PASSWORD).status == 200


def _logs_out_everywhere(stack: Stack, visitor: Visitor, user: User) -> None:
    assert stack.log_out(refresh_token=tokens_of(stack, user)["refresh_token"], everywhere=True).status == 204


def _is_disabled(stack: Stack, visitor: Visitor, user: User) -> None:
    assert stack.accounts.disable(user, an_audit(user, stack.now * 1000))


def _is_disabled_and_enabled(stack: Stack, visitor: Visitor, user: User) -> None:
    _is_disabled(stack, visitor, user)
    assert stack.accounts.enable(user, an_audit(user))


def _is_given_a_password(stack: Stack, visitor: Visitor, user: User) -> None:
    assert stack.accounts.set_password(user, "$argon2id$", an_audit(user, stack.now * 1000))


def _is_deleted(stack: Stack, visitor: Visitor, user: User) -> None:
    assert visitor.delete(tokens_of(stack, user)["access_token"]).status == 204


@either_proof
@pytest.mark.parametrize(
    "event",
    [
        _changes_the_password,
        _moves_away,
        _resets_by_another_mail,
        _logs_out_everywhere,
        _is_disabled,
        _is_disabled_and_enabled,
        _is_given_a_password,
        _is_deleted,
    ],
)
def test_l17_a_reset_is_void_once_something_has_happened_to_the_account(
    stack: Stack,
    visitor: Visitor,
    user: User,
    event: Callable[[Stack, Visitor, User], None],
    proof: Callable[[Mail], dict[str, str]],
) -> None:
    old = visitor.forgotten(user.email)
    event(stack, visitor, user)
    hash_before = stack.table.get((f"CREDENTIAL#{user.user_id}", "CREDENTIAL"))

    answer = visitor.elsewhere().reset(proof(old))

    assert is_refused(answer)
    assert stack.table.get((f"CREDENTIAL#{user.user_id}", "CREDENTIAL")) == hash_before


def test_l17_every_link_that_still_lives_works_until_one_was_used(stack: Stack, visitor: Visitor, user: User) -> None:
    """A stranger who asks again voids nothing."""
    first, second, third = (visitor.forgotten(user.email) for _ in range(3))

    assert visitor.reset(second.link).status == 200
    for other in (first, third):
        assert is_refused(visitor.reset(other.link, OTHER_PASSWORD))
        assert is_refused(visitor.reset(other.code, OTHER_PASSWORD))


def test_l17_of_two_registrations_of_one_address_the_first_to_verify_has_it(stack: Stack, visitor: Visitor) -> None:
    """Whoever reads the mail: an attacker who asked before, or who asks for more, has nothing by that."""
    email = an_address()
    attackers, owners = visitor.registered(email), visitor.elsewhere().registered(email)

    assert visitor.verify(owners.link).status == 200

    for proof in (attackers.link, attackers.code):
        assert is_refused(visitor.verify(proof, OTHER_PASSWORD))
    assert visitor.log_in(email, OTHER_PASSWORD).status == 401
    assert visitor.log_in(email, NEW_PASSWORD).status == 200


@pytest.mark.parametrize("path", ["/auth/verify-email", "/auth/password/reset", "/auth/email/confirm"])
@either_proof
def test_l17_a_proof_opens_nothing_but_what_it_was_mailed_for(
    stack: Stack, visitor: Visitor, user: User, path: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    token, new_email = tokens_of(stack, user)["access_token"], an_address()
    visitor.change_email(token, new_email)
    mails = {
        "/auth/verify-email": visitor.registered(an_address()),
        "/auth/password/reset": visitor.forgotten(user.email),
        "/auth/email/confirm": visitor.mail(new_email),
    }
    for own, mail in mails.items():
        if own != path:
            body = {} if path.endswith("confirm") else {"password": NEW_PASSWORD}
            assert is_refused(visitor.send(path, token, **proof(mail), **body))

    assert user_of(stack, user.email) == user


def _altered(link: Mapping[str, str]) -> dict[str, dict[str, str]]:
    request, _, secret = link["token"].partition(".")
    other = "B" if secret[0] != "B" else "C"
    return {
        "another secret": {"token": f"{request}.{other}{secret[1:]}"},
        "no secret": {"token": f"{request}."},
        "only the request": {"token": request},
        "only the secret": {"token": secret},
        "padded": {"token": f"{request}.{secret}="},
        "a line behind": {"token": f"{request}.{secret}\n"},
        "a byte behind": {"token": f"{request}.{secret}\0"},
        "cut": {"token": f"{request}.{secret[:-1]}"},
        "other case": {"token": f"{request}.{secret.swapcase()}"},
        "other case of the request": {"token": f"{request.swapcase()}.{secret}"},
        "of another request": {"token": f"{new_id()}.{secret}"},
        "two dots": {"token": f"{request}.{secret}."},
        "full-width": {"token": f"{request}.{secret[:-1]}\uff21"},
        "empty": {"token": ""},
        "a megabyte less one": {"token": "a" * 16_000},
    }


@pytest.mark.parametrize("how", _altered({"token": "a.b"}))
def test_l17_an_altered_link_opens_nothing(stack: Stack, user: User, watch: Watch, how: str) -> None:
    visitor = Visitor(stack)
    mail = visitor.forgotten(user.email)
    altered = _altered(mail.link)[how]

    with watch.quiet(mail.link["token"].partition(".")[2], NEW_PASSWORD, reads=WRITES) as lines:
        assert is_refused(visitor.reset(altered))

    assert lines[0]["level"] == "INFO"
    assert user_of(stack, user.email) == user
    assert visitor.reset(mail.link).status == 200


# L19, L25: guessing codes


def test_l19_five_codes_may_be_tried_for_a_request_and_then_the_right_one_is_too_late(
    stack: Stack, visitor: Visitor, user: User
) -> None:
    early, late = visitor.forgotten(user.email), visitor.forgotten(user.email)
    for _ in range(4):
        assert is_refused(visitor.reset(wrong(early.code)))
    assert visitor.reset(early.code).status == 200  # the fifth

    other = visitor.forgotten(stack.new_user().email)
    for _ in range(5):
        assert is_refused(visitor.reset(wrong(other.code)))
    assert is_refused(visitor.reset(other.code))  # the sixth
    assert is_refused(visitor.reset(late.code))


def test_l19_the_link_works_when_the_tries_are_spent(stack: Stack, visitor: Visitor, user: User) -> None:
    mail = visitor.forgotten(user.email)
    for _ in range(6):
        visitor.reset(wrong(mail.code))

    assert visitor.reset(mail.link).status == 200


def test_l19_a_wrong_link_takes_no_try(stack: Stack, visitor: Visitor, user: User) -> None:
    """Or whoever knows the id of a request could void its code."""
    mail = visitor.forgotten(user.email)
    request = mail.request
    for _ in range(20):
        assert is_refused(visitor.reset({"token": f"{request}.{'A' * 43}"}))

    assert token_item(stack, mail, "reset_password")["tries"] == 0
    assert visitor.reset(mail.code).status == 200


@pytest.mark.parametrize("typed", ["{0}{1}", "{0} {1}", "{0}-{1}", " {0}\t{1} ", "{0}\u00a0{1}", "{0} - {1}\n"])
def test_l19_a_code_is_taken_as_people_type_it(stack: Stack, visitor: Visitor, typed: str) -> None:
    mail = visitor.registered(an_address())
    digits = mail.code["code"]

    assert visitor.verify({**mail.code, "code": typed.format(digits[:4], digits[4:])}).status == 200


NO_CODES = [
    "", "1234567", "123456789", "+1234567", "1234567.", "0x123456", "1e000007", "\u0661" * 8, "\uff11" * 8,
    "\u0967" * 8, "\u2461" * 8, "12345678' OR '1'='1", "1" * 10_000, " " * 10_000, "12345678\0",
]  # fmt: skip


def test_l19_what_cannot_be_a_code_takes_no_try(stack: Stack, visitor: Visitor, watch: Watch) -> None:
    mail = visitor.registered(an_address())
    for typed in NO_CODES:
        with watch.quiet(mail.code["code"], NEW_PASSWORD, reads=WRITES):
            assert is_refused(visitor.verify({**mail.code, "code": typed})), typed

    assert token_item(stack, mail, "verify_email")["tries"] == 0
    assert visitor.verify(mail.code).status == 200


def test_l25_a_mailbox_takes_twenty_five_wrong_codes_a_day_and_then_only_links(stack: Stack, visitor: Visitor) -> None:
    """Whoever asks, for whatever, from wherever: five requests of five tries, and another five requests tomorrow."""
    email = stack.new_user().email
    _guess(stack, email, times=25)
    stack.clock.advance(50 * 60)  # the bucket of mails is full again

    mail = visitor.forgotten(email)
    assert is_refused(visitor.reset(mail.code))
    assert visitor.reset(mail.link).status == 200


def test_l25_the_day_of_a_mailbox_begins_with_its_first_wrong_code(stack: Stack, visitor: Visitor) -> None:
    email = stack.new_user().email
    began = stack.now
    _guess(stack, email, times=24)
    stack.clock.advance(DAY // 2)
    _guess(stack, email, times=1)
    stack.clock.advance(began + DAY - 2 - stack.now)
    mail = visitor.forgotten(email)
    stack.clock.advance(1)
    assert is_refused(visitor.reset(mail.code))
    stack.clock.advance(1)
    assert visitor.reset(mail.code).status == 200


@pytest.mark.only_in_check
def test_l25_a_right_code_costs_its_mailbox_nothing(stack: Stack) -> None:
    """A user who forgets every day has as many tries as anybody, and no stranger gains one by it."""
    email = stack.new_user().email
    _guess(stack, email, times=23)
    stack.clock.advance(DAY // 4)
    for password in (NEW_PASSWORD, OTHER_PASSWORD, PASSWORD):
        mail = Visitor(stack).forgotten(email)
        assert Visitor(stack).reset(mail.code, password).status == 200

    mail = Visitor(stack).forgotten(email)
    for _ in range(2):
        assert is_refused(Visitor(stack).reset(wrong(mail.code)))
    assert is_refused(Visitor(stack).reset(mail.code))


@pytest.mark.only_in_check
def test_l25_registering_and_resetting_and_moving_draw_on_one_mailbox(stack: Stack, user: User) -> None:
    email = an_address()
    token = tokens_of(stack, user)["access_token"]
    visitor = Visitor(stack)
    for _ in range(2):
        mail = visitor.registered(email)
        for _ in range(5):
            assert is_refused(visitor.verify(wrong(mail.code)))
    for _ in range(3):
        assert visitor.change_email(token, email).status == 202
        mail = visitor.mail(email)
        for _ in range(5):
            assert is_refused(visitor.confirm(token, wrong(mail.code)))
    stack.clock.advance(3600)

    assert is_refused(visitor.verify(visitor.registered(email).code))


def test_l25_one_client_guesses_for_as_many_accounts_as_its_bucket_holds(
    stack: Stack, cloud: Cloud, recording: RecordingClients
) -> None:
    """Links count, too: every attempt takes from the bucket that logins take from."""
    settings = {**STRICT, "ADDRESS_ATTEMPT_LIMIT": "10"}
    deployment = deploy(ISSUER, settings, table_name=f"limited-{new_id()}", clients=recording)
    limited = open_stack(deployment, stack.clock, stack.outbox)
    visitor = Visitor(limited)
    mail = visitor.registered(an_address())
    for number in range(10):
        guess = {"request": new_id(), "code": "12345678"} if number % 2 else {"token": f"{new_id()}.{'A' * 43}"}
        assert is_refused(visitor.verify(guess))

    refused = visitor.verify(mail.link)
    assert (refused.status, refused.body["code"], refused.headers["retry-after"]) == (429, "too_many_attempts", "1")
    assert visitor.reset(mail.link).status == 429
    assert token_item(limited, mail, "verify_email")["tries"] == 0
    limited.clock.advance(1)
    assert visitor.verify(mail.link).status == 200


def _guess(stack: Stack, email: str, *, times: int) -> None:
    """Type wrong codes for a mailbox, five for each of its mails."""
    mail = None
    for number in range(times):
        visitor = Visitor(stack)
        if number % 5 == 0 or mail is None:
            mail = visitor.forgotten(email)
        assert is_refused(visitor.reset(wrong(mail.code)))


# L23: what a refusal tells


def _to_guess(stack: Stack) -> dict[str, str]:
    """The requests of a user, of nobody, and of a user who is disabled."""
    emails = {
        "known": stack.new_user().email,
        "unknown": an_address(),
        "disabled": stack.new_user(status="disabled").email,
    }
    requests = {kind: Visitor(stack).forgot(email).body["request"] for kind, email in emails.items()}
    stack.deployment.mail.drain()
    return {emails[kind]: request for kind, request in requests.items()}


@pytest.mark.parametrize("tries", [1, 6])
def test_l23_a_wrong_code_with_the_address_for_a_password_tells_nothing(
    stack: Stack, wire: Wire, hashes: list[str], watch: Watch, tries: int
) -> None:
    """The address is a password that is refused, but not before the proof: the refusal would name the address."""
    guesses = _to_guess(stack)
    Visitor(stack).reset({"token": f"{new_id()}.{'A' * 43}"}, NEW_PASSWORD)  # the keys are read
    seen = set()
    for email, request in guesses.items():
        for _ in range(tries - 1):
            Visitor(stack).reset({"request": request, "code": "00000000"}, email)
        hashes.clear()
        with watch.quiet(email, reads=WRITES) as lines:
            answer = Visitor(stack).reset({"request": request, "code": "00000000"}, email)
        assert is_refused(answer)
        seen.add((shown(answer), lines[0]["reason"], tuple(wire.calls), tuple(hashes)))
        (item,) = stack.table.get((f"OTT#{request}", "reset_password"))
        assert item is not None
        assert item["tries"] == min(tries, 5)

    ((_, _, calls, computed),) = seen
    assert set(calls) == {"UpdateItem"}
    assert computed == ("verify",)


def test_l23_a_request_that_does_not_exist_costs_the_same_hash(
    stack: Stack, hashes: list[str], visitor: Visitor, user: User
) -> None:
    mail = visitor.forgotten(user.email)
    answers = []
    for request in (mail.request, new_id()):
        hashes.clear()
        answers.append(shown(visitor.reset({"request": request, "code": wrong(mail.code)["code"]})))
        assert hashes == ["verify"]

    assert len(set(answers)) == 1


def test_l23_every_way_to_be_refused_looks_the_same(stack: Stack, visitor: Visitor, user: User) -> None:
    used, spent, overtaken = (visitor.registered(an_address()) for _ in range(3))
    visitor.verify(used.link)
    for _ in range(5):
        visitor.verify(wrong(spent.code))
    email = an_address()
    overtaken, winner = visitor.registered(email), visitor.registered(email)
    visitor.verify(winner.link)
    expired = visitor.registered(an_address())
    answers = [
        visitor.verify(used.link),
        visitor.verify(used.code),
        visitor.verify(spent.code),
        visitor.verify(overtaken.link),
        visitor.verify(overtaken.code),
        visitor.verify({"token": f"{new_id()}.{'A' * 43}"}),
        visitor.verify({"token": "x"}),
        visitor.verify({"request": "x", "code": "y"}),
        visitor.verify(visitor.forgotten(user.email).link),
    ]
    stack.clock.advance(LIFETIME)
    answers.append(visitor.verify(expired.link))

    (told,) = {shown(answer) for answer in answers}
    assert json.loads(told)[2]["code"] == "invalid_token"


@pytest.mark.parametrize(("proof", "what"), [(link, "address"), (code, "address"), (code, "local part")])
def test_l23_whoever_has_proved_the_address_may_learn_that_it_is_no_password(
    stack: Stack, visitor: Visitor, proof: Callable[[Mail], dict[str, str]], what: str
) -> None:
    """The refusal gives the try back."""
    email = an_address()
    mail = visitor.registered(email)
    password = email if what == "address" else email.partition("@")[0]
    for _ in range(7):
        answer = visitor.verify(proof(mail), password)
        assert (answer.status, answer.body["code"]) == (400, "password_common")

    assert token_item(stack, mail, "verify_email")["tries"] == 0
    assert user_of(stack, email) is None
    for _ in range(4):
        assert is_refused(visitor.verify(wrong(mail.code)))
    assert visitor.verify(mail.code).status == 200


@pytest.mark.parametrize("password", ["short", "a" * 2000, "password12345678", "sallyport"])
def test_l23_a_password_that_is_refused_at_once_takes_no_try_and_tells_nothing_of_the_proof(
    stack: Stack, watch: Watch, hashes: list[str], user: User, password: str
) -> None:
    visitor = Visitor(stack)
    mail = visitor.forgotten(user.email)
    hashes.clear()
    told = set()
    for proof in (mail.link, mail.code, wrong(mail.code), {"token": "x"}):
        with watch.quiet(*proof.values(), reads=frozenset()):
            told.add(shown(visitor.reset(proof, password)))

    assert len(told) == 1
    assert hashes == []
    assert token_item(stack, mail, "reset_password")["tries"] == 0


# L24: a queue that delivers twice, late, or after days


def test_l24_a_message_that_comes_twice_gives_no_tries_back(stack: Stack, visitor: Visitor, user: User) -> None:
    visitor.forgot(user.email)
    message = waiting(stack)
    deliver(stack, message)
    first = visitor.mail(user.email)
    for _ in range(5):
        visitor.reset(wrong(first.code))

    deliver(stack, message)

    second = visitor.mail(user.email)
    assert second.request == first.request
    assert token_item(stack, second, "reset_password")["tries"] == 5
    assert is_refused(visitor.reset(second.code))
    assert visitor.reset(second.link).status == 200


def test_l24_the_newest_mail_of_a_request_counts(stack: Stack, visitor: Visitor) -> None:
    email = an_address()
    visitor.register(email)
    message = waiting(stack)
    for _ in range(3):
        deliver(stack, message)
    *older, newest = visitor.mails(email)

    assert len({mail.link["token"] for mail in older} | {newest.link["token"]}) == 3
    for mail in older:
        assert is_refused(visitor.verify(mail.link))
        assert is_refused(visitor.verify(mail.code))
    assert visitor.verify(newest.code).status == 200


def test_l24_a_message_that_comes_again_prolongs_nothing(stack: Stack, visitor: Visitor) -> None:
    email = an_address()
    visitor.register(email)
    message = waiting(stack)
    deliver(stack, message)
    ends = token_item(stack, visitor.mail(email), "verify_email")["expires_at"]
    stack.clock.advance(LIFETIME - 1)
    deliver(stack, message)
    mail = visitor.mail(email)

    assert token_item(stack, mail, "verify_email")["expires_at"] == ends == stack.now + 1
    stack.clock.advance(1)
    assert is_refused(visitor.verify(mail.link))


@either_proof
def test_l24_what_was_used_stays_used(
    stack: Stack, visitor: Visitor, user: User, proof: Callable[[Mail], dict[str, str]]
) -> None:
    visitor.forgot(user.email)
    message = waiting(stack)
    deliver(stack, message)
    mail = visitor.mail(user.email)
    assert visitor.reset(proof(mail)).status == 200
    before = len(visitor.mails(user.email))
    item = token_item(stack, mail, "reset_password")

    deliver(stack, message)

    assert len(visitor.mails(user.email)) == before
    assert token_item(stack, mail, "reset_password") == item
    for again in (mail.link, mail.code):
        assert is_refused(visitor.reset(again, OTHER_PASSWORD))


def test_l24_what_was_used_holds_no_address_and_no_hash_any_more(stack: Stack, visitor: Visitor, user: User) -> None:
    mail = visitor.forgotten(user.email)
    visitor.reset(mail.code)

    item = token_item(stack, mail, "reset_password")

    assert item["used_at"] == stack.now
    assert not item.keys() & {"mailbox", "email", "secret_hash", "code_hash"}
    assert user.email not in repr(item)


@pytest.mark.parametrize(("age", "mails"), [(LIFETIME - 1, 1), (LIFETIME, 0), (4 * DAY, 0)])
def test_l24_a_message_that_waited_for_longer_than_its_link_lives_mails_nothing(
    stack: Stack, visitor: Visitor, age: int, mails: int
) -> None:
    email = an_address()
    request = visitor.register(email).body["request"]
    message = waiting(stack)
    stack.clock.advance(age)

    deliver(stack, message)

    assert len(visitor.mails(email)) == mails
    (item,) = stack.table.get((f"OTT#{request}", "verify_email"))
    assert (item is not None) == bool(mails)


def test_l24_a_message_that_comes_again_after_the_address_was_taken_mails_no_proof(
    stack: Stack, visitor: Visitor
) -> None:
    email = an_address()
    visitor.register(email)
    message = waiting(stack)
    deliver(stack, message)
    old = visitor.mail(email)
    assert visitor.verify(visitor.registered(email).link).status == 200

    deliver(stack, message)

    assert not visitor.mail(email).proves()
    for proof in (old.link, old.code):
        assert is_refused(visitor.verify(proof, OTHER_PASSWORD))


def test_l24_a_message_that_comes_again_after_its_user_was_disabled_mails_nothing(
    stack: Stack, visitor: Visitor, user: User
) -> None:
    visitor.forgot(user.email)
    message = waiting(stack)
    deliver(stack, message)
    old = visitor.mail(user.email)
    assert stack.accounts.disable(user, an_audit(user, stack.now * 1000))

    deliver(stack, message)

    assert len(visitor.mails(user.email)) == 1
    assert stack.accounts.enable(user, an_audit(user))
    for proof in (old.link, old.code):
        assert is_refused(visitor.reset(proof))


def test_l24_one_message_that_fails_takes_no_other_with_it(
    stack: Stack, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    emails = [an_address() for _ in range(2)]
    for email in emails:
        visitor.register(email)
    first, second = waiting(stack)
    broken = json.dumps({**json.loads(first), "purpose": "confirm_everything"})
    records = [{"messageId": name, "body": body} for name, body in (("a", first), ("b", broken), ("c", second))]

    answer = stack.invoke("Mailer", {"Records": [*records, {"messageId": "d", "body": "not JSON"}]})

    assert answer == {"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "d"}]}
    assert [len(visitor.mails(email)) for email in emails] == [1, 1]
    assert not [email for email in emails if email in caplog.text]


# MAIL_CODES


def test_l25_where_resets_take_no_codes_the_right_one_is_refused_after_the_same_work(
    stack: Stack, wire: Wire, hashes: list[str], cloud: Cloud, recording: RecordingClients
) -> None:
    settings = {**STRICT, "MAIL_CODES": "verify"}
    deployment = deploy(ISSUER, settings, table_name=f"links-{new_id()}", clients=recording)
    only_links = open_stack(deployment, stack.clock, stack.outbox)
    visitor, user = Visitor(only_links), only_links.new_user()
    mail = visitor.forgotten(user.email)
    right = {"request": mail.request, "code": "12345678"}
    item = token_item(only_links, mail, "reset_password")
    only_links.table.put({**item, "code_hash": Passwords().hash_code(right["code"])})
    visitor.reset({"token": f"{new_id()}.{'A' * 43}"})  # the keys are read
    work = []
    for proof in (right, wrong(right)):
        wire.reset()
        hashes.clear()
        assert is_refused(Visitor(only_links).reset(proof))
        work.append((Counter(wire.calls), list(hashes)))

    assert not re.search(r"\b\d{4} \d{4}\b", mail.text)
    assert token_item(only_links, mail, "reset_password")["tries"] == 2
    assert work[0][1] == work[1][1] == ["verify"]
    assert set(work[0][0]) == {"UpdateItem"}
    assert visitor.reset(mail.link).status == 200
    assert visitor.verify(visitor.registered(an_address()).code).status == 200
