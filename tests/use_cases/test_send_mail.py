"""Send mail: who is mailed what, what a message that comes twice or late does, and which proof it makes."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from sallyport.accounts.letter import Letter
from sallyport.accounts.mail_request import MailRequest, Notice, Subject
from sallyport.accounts.one_time_token import (
    EmailChange,
    OneTimeToken,
    OneTimeTokenStore,
    Purpose,
    Registration,
    Reset,
    link_from,
)
from sallyport.accounts.user import AccountStore, User
from sallyport.errors import Unavailable
from sallyport.identifiers import new_id
from sallyport.use_cases.send_mail import SendMail
from tests.support.builders import NOW, SECOND, WEAK_PASSWORDS
from tests.support.calls import Calls
from tests.support.fakes import FakeAccounts, FakeMailer, Memory

NEW = "new@example.com"
ALL: Sequence[Purpose] = ("verify_email", "reset_password", "confirm_email")


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


@pytest.fixture
def send_mail(accounts: AccountStore, tokens: OneTimeTokenStore, mailer: FakeMailer, calls: Calls) -> SendMail:
    return SendMail(
        users=accounts,
        tokens=tokens,
        codes=WEAK_PASSWORDS,
        mailer=calls.to(mailer),
        app_url="https://app.example.com/here",
        by_code=ALL,
        clock=lambda: NOW * SECOND,
    )


def asked(purpose: Purpose, email: str, **changes: object) -> MailRequest:
    request = MailRequest(purpose=purpose, email=email, request=new_id(), requested_at=NOW - 5, language="de")
    return replace(request, **changes)  # type: ignore[arg-type]  # each of its own type


def stored(memory: Memory, request: MailRequest) -> OneTimeToken:
    return memory.tokens[request.request, request.purpose]


def test_a_letter_has_the_link_and_the_code_of_its_request(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer
) -> None:
    request = asked("verify_email", NEW)

    assert send_mail(request) == "mailed"

    (letter,) = mailer.letters
    assert (letter.kind, letter.to, letter.language, letter.at, letter.request) == (
        "verify_email", NEW, "de", NOW - 5, request.request
    )  # fmt: skip
    link = urlsplit(letter.link)
    assert (link.scheme, link.netloc, link.path) == ("https", "app.example.com", "/here/verify-email")
    (token,) = parse_qs(link.query)["token"]
    proof, kept = link_from(token), stored(memory, request)
    assert proof.request == request.request
    assert proof.opens(kept)
    assert WEAK_PASSWORDS.check_code(letter.code, kept.code_hash)
    assert (kept.grant, kept.expires_at, kept.mailbox) == (Registration(NEW), NOW - 5 + 1800, NEW)


@pytest.mark.parametrize("purpose", ["verify_email", "confirm_email"])
def test_an_address_that_has_an_account_is_told_so_without_a_proof(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer, user: User, purpose: Purpose
) -> None:
    request = asked(purpose, user.email, subject=Subject("u", 1, user.email) if purpose == "confirm_email" else None)

    assert send_mail(request) == "mailed"

    (letter,) = mailer.letters
    assert (letter.kind, letter.link, letter.code) == ("address_known", "", "")
    assert stored(memory, request).grant is None


def test_a_reset_is_mailed_to_the_address_of_its_user(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer, user: User
) -> None:
    request = asked("reset_password", user.email)

    assert send_mail(request) == "mailed"

    (letter,) = mailer.letters
    assert (letter.kind, letter.to) == ("reset_password", user.email)
    assert "/here/reset-password?token=" in letter.link
    assert stored(memory, request).grant == Reset(user.user_id, user.token_version, user.email)


@pytest.mark.parametrize("purpose", ALL)
def test_a_disabled_user_is_mailed_nothing(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer, user: User, purpose: Purpose
) -> None:
    memory.users[user.user_id] = replace(user, status="disabled")
    request = asked(purpose, user.email)

    assert send_mail(request) == "not_mailed"

    assert mailer.letters == []
    assert stored(memory, request).grant is None


def test_whoever_has_no_account_is_mailed_no_reset_and_the_same_is_stored(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer
) -> None:
    request = asked("reset_password", NEW)

    assert send_mail(request) == "not_mailed"

    token = stored(memory, request)
    assert mailer.letters == []
    assert (token.grant, token.mailbox, len(token.secret_hash)) == (None, NEW, 32)
    assert token.code_hash.startswith("$argon2id$")


def test_a_change_of_address_is_mailed_to_the_new_one(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer, user: User
) -> None:
    request = asked("confirm_email", NEW, subject=Subject(user.user_id, user.token_version, user.email))

    assert send_mail(request) == "mailed"

    (letter,) = mailer.letters
    assert (letter.kind, letter.to) == ("confirm_email", NEW)
    assert stored(memory, request).grant == EmailChange(user.user_id, user.token_version, user.email, NEW)


@pytest.mark.parametrize(
    "change",
    [{"token_version": 2}, {"status": "disabled"}, {"email": "moved@example.com"}],
    ids=["version", "disabled", "address"],
)
def test_a_change_of_address_is_not_mailed_when_its_user_has_changed(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer, user: User, change: dict[str, object]
) -> None:
    memory.users[user.user_id] = replace(user, **change)  # type: ignore[arg-type]  # each of its own type
    request = asked("confirm_email", NEW, subject=Subject(user.user_id, user.token_version, user.email))

    assert send_mail(request) == "not_mailed"
    assert mailer.letters == []


@pytest.mark.parametrize(("requested_at", "outcome"), [(NOW - 1799, "mailed"), (NOW - 1800, "outdated")])
def test_a_message_that_waited_for_half_an_hour_mails_nothing(
    send_mail: SendMail, memory: Memory, requested_at: int, outcome: str
) -> None:
    assert send_mail(asked("verify_email", NEW, requested_at=requested_at)) == outcome

    assert len(memory.tokens) == (outcome == "mailed")


def test_a_message_that_comes_twice_sends_a_new_proof_which_is_the_only_one(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer
) -> None:
    request = asked("verify_email", NEW)
    send_mail(request)
    memory.tries[request.request, request.purpose] = 4

    assert send_mail(request) == "mailed"

    first, second = mailer.letters
    assert (first.link, first.code) != (second.link, second.code)
    token = stored(memory, request)
    assert [link_from(letter.link.rpartition("=")[2]).opens(token) for letter in (first, second)] == [False, True]
    assert not WEAK_PASSWORDS.check_code(first.code, token.code_hash) or first.code == second.code
    assert memory.tries[request.request, request.purpose] == 4


def test_a_message_that_comes_again_revives_nothing(send_mail: SendMail, memory: Memory, mailer: FakeMailer) -> None:
    request = asked("verify_email", NEW)
    send_mail(request)
    key = request.request, request.purpose
    memory.tokens[key] = used = replace(memory.tokens[key], used_at=NOW)

    assert send_mail(request) == "used"

    assert memory.tokens[key] == used
    assert len(mailer.letters) == 1


def test_nothing_is_mailed_whose_proof_was_not_stored(send_mail: SendMail, calls: Calls, mailer: FakeMailer) -> None:
    calls.fail("offer")

    with pytest.raises(Unavailable):
        send_mail(asked("verify_email", NEW))

    assert mailer.letters == []


def test_codes_can_be_left_out_of_resets(send_mail: SendMail, mailer: FakeMailer, user: User) -> None:
    purposes: Sequence[Purpose] = ("verify_email",)
    by_link_only = replace(send_mail, by_code=purposes)

    by_link_only(asked("reset_password", user.email))
    by_link_only(asked("verify_email", NEW))

    assert [bool(letter.code) for letter in mailer.letters] == [False, True]
    assert all(letter.link for letter in mailer.letters)


def test_a_notice_is_passed_on_however_late(send_mail: SendMail, mailer: FakeMailer, calls: Calls) -> None:
    notice = Notice(
        kind="password_changed", email=NEW, at=NOW - 90_000, language="en", ip="192.0.2.1", user_agent="a browser"
    )

    assert send_mail(notice) == "mailed"

    assert mailer.letters == [
        Letter(kind="password_changed", to=NEW, language="en", at=NOW - 90_000, ip="192.0.2.1", user_agent="a browser")
    ]
    assert calls.made == ["send"]


def test_a_reset_opens_no_other_address_than_the_one_it_is_mailed_to(
    send_mail: SendMail, memory: Memory, mailer: FakeMailer, user: User
) -> None:
    """As if the user moved between our two readings, and the old mailbox were somebody else's by now."""

    class Moving(FakeAccounts):
        def named(self, email: str) -> User | None:
            return replace(user, email=NEW)

    request = asked("reset_password", user.email)

    replace(send_mail, users=Moving(memory))(request)

    grant = stored(memory, request).grant
    assert isinstance(grant, Reset)
    assert grant.email == user.email  # which the redemption requires the user to have still
