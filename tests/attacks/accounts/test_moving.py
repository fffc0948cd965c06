"""docs/attacks.md, L27: changes of the e-mail address."""

from collections.abc import Callable

import pytest

from sallyport.accounts.user import User
from tests.attacks.accounts.visitor import (
    NEW_PASSWORD,
    OTHER_PASSWORD,
    Mail,
    Visitor,
    an_address,
    deliver,
    either_proof,
    everything,
    is_refused,
    shown,
    tokens_of,
    user_of,
    waiting,
)
from tests.support.builders import an_audit
from tests.support.deployed import PASSWORD, Stack
from tests.support.watch import Watch
from tests.support.wire import Wire

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules


@pytest.fixture
def token(stack: Stack, user: User) -> str:
    return str(tokens_of(stack, user)["access_token"])


@either_proof
def test_l27_both_addresses_are_told_and_the_old_one_once_more(
    stack: Stack, visitor: Visitor, user: User, token: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    new = an_address()
    assert visitor.change_email(token, new).status == 202
    (to_new,) = visitor.mails(new)
    (at_request,) = visitor.mails(user.email)
    assert user_of(stack, user.email) == user

    assert visitor.confirm(token, proof(to_new)).status == 204

    _, afterwards = visitor.mails(user.email)
    assert not at_request.proves()
    assert not afterwards.proves()
    assert len(visitor.mails(new)) == 1
    assert new not in at_request.text + afterwards.text
    moved = user_of(stack, new)
    assert moved is not None
    assert (moved.user_id, moved.token_version, moved.email_verified_at) == (user.user_id, 1, stack.now)
    assert user_of(stack, user.email) is None
    assert visitor.log_in(user.email).status == 401
    assert visitor.log_in(new).status == 200
    assert stack.authorize(token)["isAuthorized"]


@either_proof
def test_l27_nobody_but_the_user_themself_can_confirm(
    stack: Stack, visitor: Visitor, user: User, token: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    """Not whoever reads the new mailbox, not by a login of their own, not without one."""
    new = an_address()
    visitor.change_email(token, new)
    mail = visitor.mail(new)
    other = stack.new_user()
    others = tokens_of(stack, other)["access_token"]

    refused = visitor.confirm(others, proof(mail))
    anonymous = visitor.send("/auth/email/confirm", None, **proof(mail))

    assert is_refused(refused)
    assert anonymous.status == 401
    assert user_of(stack, user.email) == user
    assert user_of(stack, other.email) == other
    assert visitor.confirm(token, proof(mail)).status == 204


def test_l27_an_address_that_is_taken_looks_like_one_that_is_free(
    stack: Stack, user: User, token: str, wire: Wire
) -> None:
    addresses = an_address(), stack.new_user().email, stack.new_user(status="disabled").email, user.email
    seen = set()
    for email in addresses:
        wire.reset()
        seen.add((shown(Visitor(stack).change_email(token, email)), tuple(wire.calls)))

    assert len(seen) == 1
    mails = [len([mail for mail in Visitor(stack).mails(email) if mail.proves()]) for email in addresses]
    assert mails == [1, 0, 0, 0]
    assert len(Visitor(stack).mails(addresses[1])) == 1
    assert len(Visitor(stack).mails(addresses[2])) == 0


@either_proof
def test_l27_an_address_that_was_taken_meanwhile_stays_with_whom_it_is(
    stack: Stack, visitor: Visitor, user: User, token: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    new = an_address()
    visitor.change_email(token, new)
    mail = visitor.mail(new)
    assert visitor.verify(visitor.registered(new).link).status == 200
    owner = user_of(stack, new)

    assert is_refused(visitor.confirm(token, proof(mail)))

    assert user_of(stack, new) == owner
    assert user_of(stack, user.email) == user


@either_proof
def test_l27_a_reset_in_the_old_mailbox_is_void_after_the_move(
    stack: Stack, visitor: Visitor, user: User, token: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    old = visitor.forgotten(user.email)
    new = an_address()
    visitor.change_email(token, new)
    visitor.confirm(token, visitor.mail(new).link)

    assert is_refused(visitor.reset(proof(old)))
    visitor.forgot(user.email)
    assert not visitor.mails(user.email)[-1].proves()
    assert visitor.log_in(new).status == 200
    assert visitor.reset(visitor.forgotten(new).link).status == 200


@either_proof
@pytest.mark.parametrize("event", ["reset", "change", "everywhere", "disabled"])
def test_l27_a_change_that_was_asked_for_before_is_void_after_the_account_was_taken_back(
    stack: Stack, visitor: Visitor, user: User, token: str, event: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    new, password = an_address(), PASSWORD
    visitor.change_email(token, new)
    mail = visitor.mail(new)
    if event == "reset":
        password = NEW_PASSWORD
        assert visitor.reset(visitor.forgotten(user.email).link).status == 200
    elif event == "change":
        password = NEW_PASSWORD
        assert visitor.change_password(token).status == 200
    elif event == "everywhere":
        stack.log_out(refresh_token=tokens_of(stack, user)["refresh_token"], everywhere=True)
    else:
        stack.accounts.disable(user, an_audit(user, stack.now * 1000))
        stack.accounts.enable(user, an_audit(user))

    fresh = tokens_of(stack, user, password)["access_token"]

    assert visitor.confirm(token, proof(mail)).status == 401
    assert is_refused(visitor.confirm(fresh, proof(mail)))
    assert user_of(stack, new) is None
    assert visitor.log_in(user.email, password).status == 200


@either_proof
def test_l27_of_two_changes_that_were_asked_for_the_other_is_void_once_one_has_happened(
    stack: Stack, visitor: Visitor, user: User, token: str, proof: Callable[[Mail], dict[str, str]]
) -> None:
    first, second = an_address(), an_address()
    for new in (first, second):
        visitor.change_email(token, new)
    mails = [visitor.mail(new) for new in (first, second)]

    assert visitor.confirm(token, proof(mails[1])).status == 204

    assert is_refused(visitor.confirm(token, proof(mails[0])))
    assert user_of(stack, first) is None
    assert user_of(stack, second) is not None


def test_l27_a_message_that_comes_again_after_another_move_revives_no_change(
    stack: Stack, visitor: Visitor, user: User, token: str
) -> None:
    """It was asked for when the user had another address."""
    first, second = an_address(), an_address()
    visitor.change_email(token, first)
    messages = [body for body in waiting(stack) if "confirm_email" in body]
    visitor.change_email(token, second)
    assert visitor.confirm(token, visitor.mail(second).link).status == 204

    deliver(stack, messages)

    for mail in visitor.mails(first):
        for proof in (mail.link, mail.code) if mail.proves() else ():
            assert is_refused(visitor.confirm(token, proof))
    assert user_of(stack, first) is None


def test_l27_of_two_users_who_move_to_one_address_one_does(
    stack: Stack, visitor: Visitor, user: User, token: str
) -> None:
    new, rival = an_address(), stack.new_user()
    rivals = tokens_of(stack, rival)["access_token"]
    visitor.change_email(token, new)
    mine = visitor.mail(new)
    visitor.change_email(rivals, new)
    theirs = visitor.mail(new)

    assert is_refused(visitor.confirm(token, theirs.link))
    assert visitor.confirm(rivals, theirs.link).status == 204
    assert is_refused(visitor.confirm(token, mine.link))

    moved = user_of(stack, new)
    assert moved is not None
    assert moved.user_id == rival.user_id
    assert user_of(stack, user.email) == user


def test_l27_the_old_address_is_free_and_gives_nothing_of_the_account_to_who_takes_it(
    stack: Stack, visitor: Visitor, user: User, token: str
) -> None:
    new = an_address()
    visitor.change_email(token, new)
    visitor.confirm(token, visitor.mail(new).link)

    assert visitor.verify(visitor.registered(user.email).link, OTHER_PASSWORD).status == 200

    stranger = user_of(stack, user.email)
    assert stranger is not None
    assert stranger.user_id != user.user_id
    assert stranger.roles == ()
    assert visitor.log_in(new).status == 200


def test_l27_a_user_who_is_being_deleted_does_not_move(stack: Stack, visitor: Visitor, user: User, token: str) -> None:
    new = an_address()
    visitor.change_email(token, new)
    mail = visitor.mail(new)
    assert stack.accounts.begin_leaving(user, now=stack.now)

    assert is_refused(visitor.confirm(token, mail.link))
    stack.clock.advance(15 * 60 - 1)
    assert is_refused(visitor.confirm(token, mail.link))
    stack.clock.advance(1)
    assert visitor.confirm(tokens_of(stack, user)["access_token"], mail.link).status == 204


def test_l27_no_line_and_no_message_tells_a_proof(stack: Stack, watch: Watch, user: User, token: str) -> None:
    new = an_address()
    with watch.quiet(new, user.email, PASSWORD, token, reads=frozenset({"BatchGetItem", "UpdateItem", "SendMessage"})):
        assert Visitor(stack).change_email(token, new).status == 202
    messages = waiting(stack)
    deliver(stack, messages)
    mail = Visitor(stack).mail(new)

    held = " ".join(messages) + repr(everything(stack))
    assert mail.code["code"] not in held
    assert mail.link["token"].partition(".")[2] not in held
