"""Manage users: what an operator changes, what a lost race does, and what is left when a deletion stops half-way."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sallyport.accounts.mail_request import MailQueue, Notice, Queued
from sallyport.accounts.user import AccountStore, User
from sallyport.audit import by_operator
from sallyport.errors import ChangedMeanwhile, Unavailable
from sallyport.revocation.entries import RevocationStore, UserChanged, UserDeleted
from sallyport.sessions.session import SessionStore
from sallyport.use_cases.manage_users import AddressTaken, Changed, ManageUsers, NoSuchUser
from sallyport.use_cases.notify import Notify
from tests.support.builders import NOW, SECOND, a_session
from tests.support.fakes import FakeAccounts, FakeMailQueue, FakeOpenings, FakeRevocations, FakeSessions, Memory
from tests.support.logging_in import admission_of

CHANGES: dict[str, Callable[[ManageUsers, str], Changed]] = {
    "disable": lambda manage, user_id: manage.disable(user_id),
    "revoke": lambda manage, user_id: manage.revoke(user_id),
    "set_password": lambda manage, user_id: manage.set_password(user_id, "new hash"),
    "change_roles": lambda manage, user_id: manage.change_roles(user_id, lambda roles: (*roles, "auditor")),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


class RacedAccounts(FakeAccounts):
    """Another request raises the user's version after each of the first `races` readings."""

    def __init__(self, memory: Memory, races: int) -> None:
        super().__init__(memory)
        self._left = races

    def get(self, user_id: str) -> User | None:
        user = super().get(user_id)
        if user is not None and self._left:
            self._left -= 1
            self._memory.users[user_id] = replace(user, token_version=user.token_version + 1)
        return user


ANN = by_operator("arn:aws:iam::123456789012:user/ann")


def managing(
    memory: Memory,
    accounts: AccountStore | None = None,
    sessions: SessionStore | None = None,
    queue: MailQueue | None = None,
) -> ManageUsers:
    revocations: RevocationStore = FakeRevocations(memory)
    return ManageUsers(
        accounts=accounts or FakeAccounts(memory),
        sessions=sessions or FakeSessions(memory),
        revocations=revocations,
        notify=Notify(queue=queue or FakeMailQueue(), language="de", clock=lambda: NOW * SECOND),
        cause=lambda: ANN,
        clock=lambda: NOW * SECOND,
    )


@pytest.fixture
def user(memory: Memory) -> User:
    return managing(memory).create("ann@example.com", "hash", roles=("reader",))


def test_a_new_user_is_active_and_may_log_in(memory: Memory, user: User) -> None:
    account = FakeAccounts(memory).find("ann@example.com").account

    assert account is not None
    assert (account.user, account.password_hash) == (user, "hash")
    assert (user.status, user.token_version, user.roles, user.created_at) == ("active", 1, ("reader",), NOW)


def test_an_address_is_taken_once(memory: Memory, user: User) -> None:
    with pytest.raises(AddressTaken):
        managing(memory).create(user.email, "other hash")

    assert memory.hashes == {user.user_id: "hash"}


@each_change
def test_a_change_says_what_the_user_is_now_and_tells_the_authorizers(
    memory: Memory, user: User, change: Callable[[ManageUsers, str], Changed]
) -> None:
    changed = change(managing(memory), user.user_id)

    assert changed == Changed(memory.users[user.user_id], is_changed=True)
    assert memory.entries == [UserChanged(user.user_id, changed.user.token_version)]


@each_change
@pytest.mark.parametrize("races", [1, 2])
def test_a_change_that_loses_a_race_reads_the_user_again(
    memory: Memory, user: User, change: Callable[[ManageUsers, str], Changed], races: int
) -> None:
    changed = change(managing(memory, RacedAccounts(memory, races)), user.user_id)

    assert changed == Changed(memory.users[user.user_id], is_changed=True)


@each_change
def test_after_three_lost_races_nothing_was_changed(
    memory: Memory, user: User, change: Callable[[ManageUsers, str], Changed]
) -> None:
    with pytest.raises(ChangedMeanwhile):
        change(managing(memory, RacedAccounts(memory, 3)), user.user_id)

    assert memory.users[user.user_id] == replace(user, token_version=4)
    assert memory.hashes == {user.user_id: "hash"}
    assert memory.entries == []


@each_change
def test_nobody_cannot_be_changed(memory: Memory, change: Callable[[ManageUsers, str], Changed]) -> None:
    with pytest.raises(NoSuchUser):
        change(managing(memory), "nobody")


def test_what_is_so_already_is_not_changed(memory: Memory, user: User) -> None:
    manage = managing(memory)

    assert manage.enable(user.user_id) == Changed(user, is_changed=False)
    assert manage.change_roles(user.user_id, lambda roles: roles) == Changed(user, is_changed=False)
    disabled = manage.disable(user.user_id).user
    assert manage.disable(user.user_id) == Changed(disabled, is_changed=False)
    assert manage.enable(user.user_id) == Changed(replace(disabled, status="active"), is_changed=True)
    assert len(memory.entries) == 1


def test_a_deleted_user_leaves_no_session(memory: Memory, user: User) -> None:
    assert FakeOpenings(memory).open(a_session(user), admission_of(user))

    assert managing(memory).delete(user.user_id).is_changed

    assert (memory.users, memory.hashes, memory.sessions) == ({}, {}, {})
    assert memory.entries == [UserDeleted(user.user_id)]


def test_a_deletion_that_stops_half_way_is_finished_by_the_next(memory: Memory, user: User) -> None:
    class Away(FakeSessions):
        def forget_all(self, user_id: str) -> int:
            raise Unavailable

    assert FakeOpenings(memory).open(a_session(user), admission_of(user))
    with pytest.raises(Unavailable):
        managing(memory, sessions=Away(memory)).delete(user.user_id)
    assert memory.users == {}  # so the session is dead already

    assert managing(memory).delete(user.user_id).is_changed
    assert memory.sessions == {}
    assert not managing(memory).delete(user.user_id).is_changed  # nothing is left


def test_a_deletion_that_loses_a_race_reads_the_user_again(memory: Memory, user: User) -> None:
    assert managing(memory, RacedAccounts(memory, 2)).delete(user.user_id).is_changed
    assert memory.users == {}


def test_a_user_is_told_of_what_an_operator_does_to_their_account(memory: Memory, user: User) -> None:
    queue = FakeMailQueue()
    manage = managing(memory, queue=queue)

    manage.disable(user.user_id)
    manage.disable(user.user_id)
    manage.enable(user.user_id)
    manage.set_password(user.user_id, "new")
    manage.change_roles(user.user_id, lambda _: ("admin",))
    manage.delete(user.user_id)

    told = [queued for queued in queue.queued if isinstance(queued, Notice)]
    assert [notice.kind for notice in told] == [
        "account_disabled",
        "account_enabled",
        "password_set",
        "account_deleted",
    ]
    assert {(notice.email, notice.at, notice.language, notice.ip, notice.user_agent) for notice in told} == {
        ("ann@example.com", NOW, "de", "", "")
    }


def test_a_change_stands_although_nobody_can_be_told_of_it(memory: Memory, user: User) -> None:
    class Away(FakeMailQueue):
        def put(self, queued: Queued) -> None:
            raise Unavailable

    changed = managing(memory, queue=Away()).disable(user.user_id)

    assert (changed.user.status, changed.also) == ("disabled", ("notice_lost",))
    assert memory.users[user.user_id].status == "disabled"
