"""Verify an address, reset a password, confirm another address: what a proof leads to, and in which order."""

import pytest

from sallyport.accounts.mail_request import Notice
from sallyport.accounts.new_password import PasswordCommon
from sallyport.accounts.one_time_token import (
    Code,
    EmailChange,
    Grant,
    Link,
    OneTimeToken,
    Proof,
    Purpose,
    RedemptionStore,
    Registration,
    Reset,
    secret_hash,
)
from sallyport.accounts.password import NormalPassword, normal
from sallyport.accounts.throttle import CODES_OF_MAILBOX, key_of_address
from sallyport.accounts.user import User
from sallyport.errors import ProofRejected, TokenDead, Unavailable
from sallyport.identifiers import new_id
from sallyport.sessions.session import Device, Session, SessionStore
from sallyport.tokens.access import AccessToken
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.choose_password import ChoosePassword
from sallyport.use_cases.confirm_email import ConfirmEmail
from sallyport.use_cases.notify import Notify
from sallyport.use_cases.prove_mailbox import ProveMailbox
from sallyport.use_cases.reset_password import ResetPassword
from sallyport.use_cases.verify_email import VerifyEmail
from tests.support.builders import NOW, SECOND, WEAK_PASSWORDS, a_token, a_user
from tests.support.calls import Calls
from tests.support.fakes import FakeMailQueue, FakeOneTimeTokens, Memory
from tests.support.tokens import unverified_claims

NEW = "new-one@example.com"
HERE = Device(ip="192.0.2.1", user_agent="a browser")
SECRET, CODE = "s" * 43, "12345678"
PASSWORD = normal("a password nobody has")


def clock() -> int:
    return NOW * SECOND


@pytest.fixture
def verify_email(choose_password: ChoosePassword, redemptions: RedemptionStore, devices: DeviceTokens) -> VerifyEmail:
    return VerifyEmail(choose_password=choose_password, redemptions=redemptions, devices=devices, clock=clock)


@pytest.fixture
def reset_password(
    choose_password: ChoosePassword, redemptions: RedemptionStore, devices: DeviceTokens, notify: Notify
) -> ResetPassword:
    return ResetPassword(
        choose_password=choose_password, redemptions=redemptions, devices=devices, notify=notify, clock=clock
    )


@pytest.fixture
def confirm_email(
    sessions: SessionStore, prove_mailbox: ProveMailbox, redemptions: RedemptionStore, notify: Notify
) -> ConfirmEmail:
    return ConfirmEmail(
        sessions=sessions, prove_mailbox=prove_mailbox, redemptions=redemptions, notify=notify, clock=clock
    )


def mailed(memory: Memory, purpose: Purpose, grant: Grant, mailbox: str) -> tuple[Link, Code]:
    """Let a mail have been sent. Return its two proofs."""
    token = OneTimeToken(
        new_id(), purpose, mailbox, secret_hash(SECRET), WEAK_PASSWORDS.hash_code(CODE), NOW + 1800, grant
    )
    FakeOneTimeTokens(memory).offer(token)
    return Link(token.request, SECRET), Code(token.request, CODE)


@pytest.mark.parametrize("by", [0, 1], ids=["link", "code"])
def test_an_account_begins_when_its_address_is_verified(verify_email: VerifyEmail, memory: Memory, by: int) -> None:
    proof = mailed(memory, "verify_email", Registration(NEW), NEW)[by]
    assert memory.users == {}

    redeemed = verify_email(proof, PASSWORD, HERE.ip, "request")

    (user,) = memory.users.values()
    assert (user.email, user.email_verified_at, user.created_at, user.status, user.roles) == (
        NEW, NOW, NOW, "active", ()
    )  # fmt: skip
    assert WEAK_PASSWORDS.check(PASSWORD, memory.hashes[user.user_id]).matches
    claims = unverified_claims(redeemed.device_token)
    assert (claims["sub"], claims["ver"]) == (user.user_id, user.token_version)
    assert memory.sessions == {}


def test_a_proof_works_once(verify_email: VerifyEmail, memory: Memory) -> None:
    link, code = mailed(memory, "verify_email", Registration(NEW), NEW)
    verify_email(code, PASSWORD, HERE.ip, "request")

    for proof in (link, code):
        with pytest.raises(ProofRejected):
            verify_email(proof, PASSWORD, HERE.ip, "request")

    assert len(memory.users) == 1


def test_a_reset_kills_every_session_and_tells_the_owner(
    reset_password: ResetPassword, memory: Memory, user: User, session: Session, queue: FakeMailQueue
) -> None:
    link, _ = mailed(memory, "reset_password", Reset(user.user_id, user.token_version, user.email), user.email)

    redeemed = reset_password(link, PASSWORD, HERE, "request")

    now = memory.users[user.user_id]
    assert (now.token_version, now.email_verified_at) == (user.token_version + 1, NOW)
    assert memory.sessions[session.user_id, session.sid].ver < now.token_version
    assert unverified_claims(redeemed.device_token)["ver"] == now.token_version
    assert queue.queued == [
        Notice(kind="password_reset", email=user.email, at=NOW, language="en", ip=HERE.ip, user_agent=HERE.user_agent)
    ]


@pytest.mark.parametrize("like_the_address", [normal(NEW), normal("NEW-ONE@EXAMPLE.COM"), normal("new-one")])
def test_whether_a_password_is_like_the_address_is_told_to_whoever_has_the_proof_and_costs_no_try(
    verify_email: VerifyEmail, memory: Memory, calls: Calls, like_the_address: NormalPassword
) -> None:
    link, code = mailed(memory, "verify_email", Registration(NEW), NEW)
    with pytest.raises(ProofRejected):
        verify_email(Code(code.request, "00000000"), like_the_address, HERE.ip, "request")

    for proof in (link, code):
        with pytest.raises(PasswordCommon):
            verify_email(proof, like_the_address, HERE.ip, "request")

    assert "register" not in calls.made
    assert memory.tries[code.request, "verify_email"] == 1  # the wrong one
    assert memory.failures[key_of_address(NEW), CODES_OF_MAILBOX.scope][0] == 1
    verify_email(code, PASSWORD, HERE.ip, "request")


def test_nothing_is_tried_without_a_key_to_sign_the_answer_with(
    verify_email: VerifyEmail, memory: Memory, calls: Calls
) -> None:
    def no_key() -> None:
        raise Unavailable

    object.__setattr__(verify_email, "devices", DeviceTokens(verify_email.devices.names, no_key))  # type: ignore[arg-type]
    link, _ = mailed(memory, "verify_email", Registration(NEW), NEW)

    with pytest.raises(Unavailable):
        verify_email(link, PASSWORD, HERE.ip, "request")

    assert calls.made == []


def test_another_address_is_confirmed_and_the_old_one_told(
    confirm_email: ConfirmEmail, memory: Memory, user: User, caller: AccessToken, queue: FakeMailQueue
) -> None:
    link, _ = mailed(memory, "confirm_email", EmailChange(user.user_id, user.token_version, user.email, NEW), NEW)

    assert confirm_email(caller, link, HERE, "request") == ()

    now = memory.users[user.user_id]
    assert (now.email, now.email_verified_at, now.token_version) == (NEW, NOW, user.token_version)
    assert [(notice.kind, notice.email) for notice in queue.queued if isinstance(notice, Notice)] == [
        ("email_changed", user.email)
    ]


def test_nobody_confirms_the_address_of_another_user(confirm_email: ConfirmEmail, memory: Memory, user: User) -> None:
    proofs: tuple[Proof, ...] = mailed(
        memory, "confirm_email", EmailChange(user.user_id, user.token_version, user.email, NEW), NEW
    )
    other = a_user()
    memory.users[other.user_id] = other

    for proof in proofs:
        with pytest.raises(TokenDead):
            confirm_email(a_token("no session", other.user_id), proof, HERE, "request")

    assert memory.users[user.user_id].email == user.email


def test_a_proof_of_somebody_elses_is_the_one_refusal(
    confirm_email: ConfirmEmail, memory: Memory, caller: AccessToken, user: User
) -> None:
    link, _ = mailed(memory, "confirm_email", EmailChange("somebody else", 1, "x@example.com", NEW), NEW)

    with pytest.raises(ProofRejected):
        confirm_email(caller, link, HERE, "request")

    assert memory.users[user.user_id] == user


def test_a_lost_notice_changes_no_answer(
    reset_password: ResetPassword, memory: Memory, user: User, calls: Calls
) -> None:
    calls.fail("put")
    link, _ = mailed(memory, "reset_password", Reset(user.user_id, user.token_version, user.email), user.email)

    assert reset_password(link, PASSWORD, HERE, "request").also == ("notice_lost",)

    assert memory.users[user.user_id].token_version == user.token_version + 1
