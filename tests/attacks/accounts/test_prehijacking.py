"""The five attacks of "Pre-hijacked accounts" (Sudhodanan and Paverd, USENIX Security 2022), one test each.

An attacker knows the address with which somebody will register some day, and acts before that. The paper found 35 of 75
popular services open to at least one of these. Sallyport has no federated login, so two of the attacks are tried by
what comes nearest to it: another way into the same account.
"""

import pytest

from sallyport.accounts.user import User
from tests.attacks.accounts.visitor import (
    NEW_PASSWORD,
    OTHER_PASSWORD,
    Visitor,
    an_address,
    everything,
    is_refused,
    user_of,
)
from tests.support.deployed import Stack

pytestmark = pytest.mark.only_in_check  # `make test` has tests/use_cases for these rules

VICTIMS = "the victim chose this one"


@pytest.fixture
def attacker(stack: Stack) -> Visitor:
    return Visitor(stack)


@pytest.fixture
def victim(stack: Stack) -> Visitor:
    return Visitor(stack)


def the_user(stack: Stack, email: str) -> User:
    user = user_of(stack, email)
    assert user is not None
    return user


def test_prehijacking_1_classic_federated_merge(stack: Stack, attacker: Visitor, victim: Visitor) -> None:
    """The attacker registers with the victim's address and a password, and the service merges both into one account.

    There is no account before somebody has read the mail, and no password before that either: nothing of the attacker's
    is there to be merged with, whichever way the victim comes.
    """
    email = an_address()
    assert attacker.register(email).status == 202
    assert attacker.send("/auth/register", email=email, password=NEW_PASSWORD).status == 400
    first = attacker.mail(email)  # which only the victim can read
    assert not [item for item in everything(stack) if item["PK"]["S"].startswith(("USER#", "EMAIL#", "CREDENTIAL#"))]

    assert victim.verify(victim.registered(email).link, VICTIMS).status == 200

    assert attacker.log_in(email, NEW_PASSWORD).status == 401
    assert is_refused(attacker.verify(first.link, NEW_PASSWORD))
    assert not attacker.registered(email).proves()  # the address has an account now
    assert victim.log_in(email, VICTIMS).status == 200


def test_prehijacking_1_the_victim_may_use_the_mail_that_the_attacker_asked_for(
    stack: Stack, attacker: Visitor, victim: Visitor
) -> None:
    """It carries nothing of the attacker's: the password is chosen with the link."""
    email = an_address()
    mail = attacker.registered(email)
    stack.clock.advance(60)

    assert victim.verify(mail.link, VICTIMS).status == 200

    assert attacker.log_in(email, NEW_PASSWORD).status == 401
    assert the_user(stack, email).roles == ()


def test_prehijacking_2_unexpired_session_identifier(stack: Stack, attacker: Visitor, victim: Visitor) -> None:
    """The attacker has an account with the victim's address and stays logged in while the victim recovers it.

    They had the mailbox once, say. A reset ends every session, and leaves no token, no device and no password alive.
    """
    email = an_address()
    assert attacker.verify(attacker.registered(email).link, NEW_PASSWORD).status == 200
    logins = [attacker.log_in(email, NEW_PASSWORD).body for _ in range(3)]

    assert victim.reset(victim.forgotten(email).link, VICTIMS).status == 200

    for login in logins:
        assert not stack.authorize(login["access_token"])["isAuthorized"]
        assert stack.refresh(login["refresh_token"]).status == 401
        assert attacker.change_password(login["access_token"], OTHER_PASSWORD, NEW_PASSWORD).status == 401
        assert attacker.change_email(login["access_token"], an_address(), NEW_PASSWORD).status == 401
        assert attacker.delete(login["access_token"], NEW_PASSWORD).status == 401
    assert attacker.log_in(email, NEW_PASSWORD).status == 401
    assert victim.log_in(email, VICTIMS).status == 200


def test_prehijacking_3_trojan_identifier(stack: Stack, attacker: Visitor, victim: Visitor) -> None:
    """The attacker adds another identifier of theirs to the account, by which they get in after the victim's reset.

    An account has one identifier, its address. Adding one is moving there, and then the old address is nobody's: the
    victim's "forgot" finds no account, and registering gives them one of their own.
    """
    email, attackers = an_address(), an_address()
    assert attacker.verify(attacker.registered(email).link, NEW_PASSWORD).status == 200
    token = attacker.log_in(email, NEW_PASSWORD).body["access_token"]
    for field in ("email2", "phone", "alias", "username", "recovery_email", "emails"):
        assert (
            attacker.send("/auth/email/change", token, email=attackers, password=NEW_PASSWORD, **{field: "x"}).status
            == 400
        )
    assert attacker.change_email(token, attackers, NEW_PASSWORD).status == 202
    mail = attacker.mail(attackers)

    assert victim.reset(victim.forgotten(email).link, VICTIMS).status == 200

    assert attacker.confirm(token, mail.link).status == 401
    assert user_of(stack, attackers) is None
    assert attacker.forgot(attackers).status == 202
    assert not [mail for mail in attacker.mails(attackers)[1:] if mail.proves()]


def test_prehijacking_3_an_account_that_was_moved_away_is_no_part_of_the_victims(
    stack: Stack, attacker: Visitor, victim: Visitor
) -> None:
    email, attackers = an_address(), an_address()
    attacker.verify(attacker.registered(email).link, NEW_PASSWORD)
    token = attacker.log_in(email, NEW_PASSWORD).body["access_token"]
    attacker.change_email(token, attackers, NEW_PASSWORD)
    assert attacker.confirm(token, attacker.mail(attackers).link).status == 204

    victim.forgot(email)
    assert not victim.mail(email).proves()
    assert victim.verify(victim.registered(email).link, VICTIMS).status == 200

    assert the_user(stack, email).user_id != the_user(stack, attackers).user_id
    assert attacker.log_in(email, NEW_PASSWORD).status == 401


def test_prehijacking_4_unexpired_email_change(stack: Stack, attacker: Visitor, victim: Visitor) -> None:
    """The attacker asks to move the account to a mailbox of theirs and confirms it after the victim's reset.

    A change is void once the token version has moved, and needs a login of the very user: of a session that the reset
    has ended, or of a password that only the victim knows.
    """
    email, attackers = an_address(), an_address()
    attacker.verify(attacker.registered(email).link, NEW_PASSWORD)
    token = attacker.log_in(email, NEW_PASSWORD).body["access_token"]
    attacker.change_email(token, attackers, NEW_PASSWORD)
    mail = attacker.mail(attackers)

    assert victim.reset(victim.forgotten(email).link, VICTIMS).status == 200

    victims = victim.log_in(email, VICTIMS).body["access_token"]
    for proof in (mail.link, mail.code):
        assert attacker.confirm(token, proof).status == 401
        assert is_refused(victim.confirm(victims, proof))  # not even the victim can be made to confirm it
    assert user_of(stack, attackers) is None


def test_prehijacking_4_a_change_to_the_victims_address_is_void_once_the_victim_has_registered(
    stack: Stack, attacker: Visitor, victim: Visitor
) -> None:
    """The other direction: the attacker's account would move to the address that the victim is to have."""
    email, attackers = an_address(), an_address()
    attacker.verify(attacker.registered(attackers).link, NEW_PASSWORD)
    token = attacker.log_in(attackers, NEW_PASSWORD).body["access_token"]
    attacker.change_email(token, email, NEW_PASSWORD)
    mail = attacker.mail(email)  # in the victim's mailbox, who might even tell the code

    assert victim.verify(victim.registered(email).code, VICTIMS).status == 200

    for proof in (mail.link, mail.code):
        assert is_refused(attacker.confirm(token, proof))
    assert victim.log_in(email, VICTIMS).status == 200
    assert the_user(stack, attackers).user_id != the_user(stack, email).user_id


def test_prehijacking_5_an_identity_that_nobody_has_verified(stack: Stack, attacker: Visitor, victim: Visitor) -> None:
    """The attacker comes from an identity provider that does not verify addresses.

    Here nothing but a mail that was read verifies one: no field, no token of anybody, no other address of the same
    person, and no account of the attacker's says that the victim's address is theirs.
    """
    email, attackers = an_address(), an_address()
    mail = victim.registered(email)
    attacker.verify(attacker.registered(attackers).link, NEW_PASSWORD)
    token = attacker.log_in(attackers, NEW_PASSWORD).body["access_token"]
    own = attacker.registered(an_address())
    claims = [
        {"id_token": token, "password": NEW_PASSWORD},
        {**own.link, "email": email, "password": NEW_PASSWORD},
        {**own.link, "email_verified": True, "password": NEW_PASSWORD},
    ]
    for claim in claims:
        assert attacker.send("/auth/verify-email", token, **claim).status == 400
    forged = {"token": f"{mail.request}.{own.link['token'].partition('.')[2]}"}
    assert is_refused(attacker.verify(forged))
    assert is_refused(attacker.verify({"request": mail.request, "code": own.code["code"]}))

    assert user_of(stack, email) is None
    assert victim.verify(mail.link, VICTIMS).status == 200
    assert the_user(stack, email).email_verified_at == stack.now
