"""What users change who know their password: the password, the address, and that there is an account at all."""

from dataclasses import replace

import pytest

from sallyport.accounts.mail_request import MailRequest, Notice, Subject
from sallyport.accounts.new_password import NewPasswords, PasswordCommon
from sallyport.accounts.password import normal
from sallyport.accounts.throttle import MAIL_FOR_CLIENT, ThrottleStore
from sallyport.accounts.user import AccountStore, User
from sallyport.audit import AuditEntry
from sallyport.errors import ChangedMeanwhile, TokenDead, Unavailable, WrongPassword
from sallyport.revocation.entries import UserChanged, UserDeleted
from sallyport.sessions.password_change import PasswordChangeStore
from sallyport.sessions.session import Device, Session
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.change_email import ChangeEmail
from sallyport.use_cases.change_password import ChangePassword
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.delete_account import DeleteAccount
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.notify import Notify
from sallyport.use_cases.request_mail import RequestMail
from tests.support.builders import NOW, SECOND, WEAK_PASSWORDS, a_session
from tests.support.calls import Calls
from tests.support.fakes import FakeAccounts, FakeMailQueue, Memory
from tests.support.issuing import access_token_verifier, refresh_token_verifier, token_issuer

HERE = Device(ip="192.0.2.1", user_agent="a browser")
OLD, NEW = normal("correct horse battery staple"), normal("a password nobody has")
WRONG = normal("correct horse battery stable")


def clock() -> int:
    return NOW * SECOND


@pytest.fixture
def user(memory: Memory, user: User) -> User:
    memory.hashes[user.user_id] = WEAK_PASSWORDS.hash(OLD)
    return user


@pytest.fixture
def change_password(
    confirm_caller: ConfirmCaller, rules: NewPasswords, memory: Memory, calls: Calls, notify: Notify
) -> ChangePassword:
    store: PasswordChangeStore = calls.to(FakeAccounts(memory))
    return ChangePassword(
        confirm_caller=confirm_caller, rules=rules, store=store, issuer=token_issuer(), notify=notify, clock=clock
    )


@pytest.fixture
def change_email(
    confirm_caller: ConfirmCaller, throttle: ThrottleStore, queue: FakeMailQueue, calls: Calls, notify: Notify
) -> ChangeEmail:
    request_mail = RequestMail(
        throttle=throttle,
        limit_client=LimitClient(throttle=throttle, bucket=MAIL_FOR_CLIENT, clock=clock),
        queue=calls.to(queue),
        language="en",
        clock=clock,
    )
    return ChangeEmail(confirm_caller=confirm_caller, request_mail=request_mail, notify=notify)


@pytest.fixture
def delete_account(confirm_caller: ConfirmCaller, notify: Notify) -> DeleteAccount:
    return DeleteAccount(confirm_caller=confirm_caller, notify=notify, clock=clock)


def test_the_session_that_changes_the_password_goes_on_and_no_other(
    change_password: ChangePassword, memory: Memory, user: User, session: Session, caller: AccessToken
) -> None:
    other = a_session(user)
    memory.sessions[other.user_id, other.sid] = other

    changed = change_password(caller, OLD, NEW, HERE, "request")

    ver = user.token_version + 1
    access = access_token_verifier().verify(changed.tokens.access_token, now=NOW)
    refresh = refresh_token_verifier().verify(changed.tokens.refresh_token, now=NOW)
    stored = memory.sessions[session.user_id, session.sid]
    assert (access.ver, access.sid, refresh.ver) == (ver, session.sid, ver)
    assert (refresh.gen, stored.rotation.first, stored.rotation.head) == (stored.rotation.head, 2, 2)
    assert memory.sessions[other.user_id, other.sid].ver < ver
    assert WEAK_PASSWORDS.check(NEW, memory.hashes[user.user_id]).matches
    assert memory.entries == [UserChanged(user.user_id, ver)]
    assert changed.mode == session.mode


def test_the_owner_is_told_of_a_change(
    change_password: ChangePassword, user: User, caller: AccessToken, queue: FakeMailQueue
) -> None:
    change_password(caller, OLD, NEW, HERE, "request")

    assert queue.queued == [
        Notice(kind="password_changed", email=user.email, at=NOW, language="en", ip=HERE.ip, user_agent=HERE.user_agent)
    ]


def test_a_wrong_password_changes_nothing(
    change_password: ChangePassword,
    change_email: ChangeEmail,
    delete_account: DeleteAccount,
    memory: Memory,
    user: User,
    session: Session,
    caller: AccessToken,
    queue: FakeMailQueue,
) -> None:
    before = dict(memory.hashes)

    with pytest.raises(WrongPassword):
        change_password(caller, WRONG, NEW, HERE, "request")
    with pytest.raises(WrongPassword):
        change_email(caller, "new@example.com", WRONG, HERE)
    with pytest.raises(WrongPassword):
        delete_account(caller, WRONG, HERE, "request")

    assert (memory.users, memory.hashes) == ({user.user_id: user}, before)
    assert memory.sessions == {(session.user_id, session.sid): session}
    assert (queue.queued, memory.entries, memory.leaving) == ([], [], {})


def test_the_address_is_no_password(
    change_password: ChangePassword, user: User, caller: AccessToken, memory: Memory
) -> None:
    with pytest.raises(PasswordCommon):
        change_password(caller, OLD, normal(user.email), HERE, "request")

    assert memory.users[user.user_id] == user


def test_a_token_that_dies_while_its_password_is_checked_changes_nothing(
    change_password: ChangePassword, memory: Memory, user: User, caller: AccessToken, accounts: AccountStore
) -> None:
    class Overtaken(FakeAccounts):
        def of_user(self, user_id: str):  # type: ignore[no-untyped-def]
            memory.users[user_id] = replace(user, token_version=user.token_version + 1)
            return super().of_user(user_id)

    overtaken = replace(
        change_password, confirm_caller=replace(change_password.confirm_caller, accounts=Overtaken(memory))
    )

    with pytest.raises(TokenDead) as dead:
        overtaken(caller, OLD, NEW, HERE, "request")

    assert dead.value.why == "ver"
    assert WEAK_PASSWORDS.check(OLD, memory.hashes[user.user_id]).matches


def test_a_change_that_another_overtakes_is_not_made(
    change_password: ChangePassword, memory: Memory, user: User, caller: AccessToken
) -> None:
    class Overtaken(FakeAccounts):
        def change_password(self, *arguments: object, **named: object) -> None:
            return None

    with pytest.raises(ChangedMeanwhile):
        replace(change_password, store=Overtaken(memory))(caller, OLD, NEW, HERE, "request")


def test_both_addresses_hear_of_a_change_that_is_asked_for(
    change_email: ChangeEmail, user: User, caller: AccessToken, queue: FakeMailQueue
) -> None:
    asked, also = change_email(caller, "new@example.com", OLD, HERE)

    request, notice = queue.queued
    assert isinstance(request, MailRequest)
    assert (request.purpose, request.email, request.request) == ("confirm_email", "new@example.com", asked.request)
    assert request.subject == Subject(user.user_id, user.token_version, user.email)
    assert isinstance(notice, Notice)
    assert (notice.kind, notice.email) == ("email_change_requested", user.email)
    assert also == ()


def test_nobody_is_told_of_a_change_that_is_not_mailed_for(
    change_email: ChangeEmail, caller: AccessToken, queue: FakeMailQueue
) -> None:
    """Or whoever knows the password could fill the owner's mailbox."""
    for _ in range(7):
        change_email(caller, "new@example.com", OLD, HERE)

    assert [type(queued) for queued in queue.queued] == [MailRequest, Notice] * 5


def test_a_deleted_account_leaves_nothing_behind(
    delete_account: DeleteAccount,
    memory: Memory,
    user: User,
    session: Session,
    caller: AccessToken,
    queue: FakeMailQueue,
) -> None:
    for _ in range(30):
        other = a_session(user)
        memory.sessions[other.user_id, other.sid] = other

    trail = delete_account(caller, OLD, HERE, "request")

    assert (memory.users, memory.hashes, memory.sessions) == ({}, {}, {})
    assert memory.entries == [UserDeleted(user.user_id)]
    assert [(notice.kind, notice.email) for notice in queue.queued if isinstance(notice, Notice)] == [
        ("account_deleted", user.email)
    ]
    assert (trail.sid, trail.also) == (session.sid, ())


def test_no_session_can_be_opened_before_the_first_one_is_deleted(
    delete_account: DeleteAccount, caller: AccessToken, user: User, calls: Calls
) -> None:
    delete_account(caller, OLD, HERE, "request")

    writes = [name for name in calls.made if name in ("begin_leaving", "forget", "delete", "put")]
    assert writes == ["begin_leaving", "forget", "delete", "put"]


@pytest.mark.parametrize("step", ["begin_leaving", "of_user", "forget", "delete"])
def test_a_deletion_that_fails_can_be_asked_for_again_from_the_same_session(
    delete_account: DeleteAccount,
    memory: Memory,
    user: User,
    session: Session,
    caller: AccessToken,
    calls: Calls,
    step: str,
) -> None:
    other = a_session(user)
    memory.sessions[other.user_id, other.sid] = other
    calls.fail(step)
    with pytest.raises(Unavailable):
        delete_account(caller, OLD, HERE, "request")
    assert (user.user_id in memory.users, (session.user_id, session.sid) in memory.sessions) == (True, True)
    calls.failing.clear()

    delete_account(caller, OLD, HERE, "request")

    assert (memory.users, memory.sessions) == ({}, {})


def test_a_deletion_that_another_has_finished_is_done(
    delete_account: DeleteAccount, memory: Memory, user: User, caller: AccessToken
) -> None:
    class Twin(FakeAccounts):
        def delete(self, user: User, audit: AuditEntry, *, sid: str | None = None) -> bool:
            super().delete(user, audit, sid=sid)
            return super().delete(user, audit, sid=sid)

    twin = replace(delete_account, confirm_caller=replace(delete_account.confirm_caller, accounts=Twin(memory)))

    twin(caller, OLD, HERE, "request")

    assert memory.users == {}


def test_a_user_who_has_changed_meanwhile_is_not_deleted(
    delete_account: DeleteAccount, memory: Memory, user: User, caller: AccessToken
) -> None:
    class Overtaken(FakeAccounts):
        def delete(self, user: User, audit: AuditEntry, *, sid: str | None = None) -> bool:
            memory.users[user.user_id] = replace(user, token_version=user.token_version + 1)
            return super().delete(user, audit, sid=sid)

    overtaken = replace(
        delete_account, confirm_caller=replace(delete_account.confirm_caller, accounts=Overtaken(memory))
    )

    with pytest.raises(ChangedMeanwhile):
        overtaken(caller, OLD, HERE, "request")

    assert user.user_id in memory.users
