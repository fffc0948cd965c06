"""What every store promises about revocations of tokens and users. Of sessions: test_sessions.py."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sallyport.accounts.user import User
from sallyport.revocation.entries import TokenRevoked, UserChanged, UserDeleted
from tests.support.builders import NOW, SECOND, a_user, an_audit
from tests.support.stores import Stores

NOW_MS = NOW * SECOND


@pytest.fixture
def user(stores: Stores) -> User:
    user = a_user(token_version=4)
    assert stores.accounts.create(user, "hash", an_audit(user))
    return user


CHANGES: dict[str, Callable[[Stores, User], bool]] = {
    "disable": lambda stores, user: stores.accounts.disable(user, an_audit(user, NOW_MS)),
    "change_roles": lambda stores, user: stores.accounts.change_roles(user, ("auditor",), an_audit(user, NOW_MS)),
    "delete": lambda stores, user: stores.accounts.delete(user, an_audit(user, NOW_MS)),
    "set_password": lambda stores, user: stores.accounts.set_password(user, "new", an_audit(user, NOW_MS)),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


def test_a_revoked_token_is_read_as_revoked_and_leaves_one_entry(stores: Stores, user: User) -> None:
    jti = user.user_id  # as good an identifier as any

    assert stores.revocations.revoke_token(jti, now_ms=NOW_MS)
    assert not stores.revocations.revoke_token(jti, now_ms=NOW_MS)

    assert stores.sessions.load_all("nobody", "no-session", jti) == (None, None, True)
    assert stores.entries(jti) == [TokenRevoked(jti)]


def test_disabling_raises_the_version_in_the_same_step(stores: Stores, user: User) -> None:
    assert stores.accounts.disable(user, an_audit(user, NOW_MS))

    assert stores.accounts.get(user.user_id) == replace(user, status="disabled", token_version=5)
    assert stores.entries(user.user_id) == [UserChanged(user.user_id, 5)]


def test_disabling_a_disabled_user_changes_nothing_and_fills_no_list(stores: Stores, user: User) -> None:
    stores.accounts.disable(user, an_audit(user, NOW_MS))
    disabled = stores.accounts.get(user.user_id)
    assert disabled is not None

    assert not stores.accounts.disable(disabled, an_audit(disabled, NOW_MS))

    assert stores.accounts.get(user.user_id) == disabled
    assert len(stores.entries(user.user_id)) == 1


def test_enabling_leaves_the_version_raised_so_that_old_tokens_stay_dead(stores: Stores, user: User) -> None:
    assert not stores.accounts.enable(user, an_audit(user))
    stores.accounts.disable(user, an_audit(user, NOW_MS))

    assert stores.accounts.enable(user, an_audit(user))

    assert stores.accounts.get(user.user_id) == replace(user, token_version=5)


def test_enabling_nobody_creates_nobody(stores: Stores) -> None:
    nobody = a_user()

    assert not stores.accounts.enable(nobody, an_audit(nobody))
    assert stores.accounts.get(nobody.user_id) is None


def test_raising_the_version_of_a_disabled_user_does_not_enable_them(stores: Stores, user: User) -> None:
    stores.accounts.disable(user, an_audit(user, NOW_MS))

    assert stores.revocations.raise_version(user.user_id, 5, an_audit(user.user_id, NOW_MS))

    assert stores.accounts.get(user.user_id) == replace(user, status="disabled", token_version=6)


def test_other_roles_leave_the_version_and_one_entry_that_revokes_nothing(stores: Stores, user: User) -> None:
    assert stores.accounts.change_roles(user, ("auditor", "editor"), an_audit(user, NOW_MS))

    assert stores.accounts.get(user.user_id) == replace(user, roles=("auditor", "editor"))
    assert stores.entries(user.user_id) == [UserChanged(user.user_id, 4)]


def test_all_roles_can_be_taken(stores: Stores, user: User) -> None:
    assert stores.accounts.change_roles(user, (), an_audit(user, NOW_MS))
    assert stores.accounts.get(user.user_id) == replace(user, roles=())


def test_the_same_roles_leave_no_entry(stores: Stores, user: User) -> None:
    assert not stores.accounts.change_roles(user, user.roles, an_audit(user, NOW_MS))
    assert stores.entries(user.user_id) == []


def test_of_two_who_read_the_same_roles_one_changes_them(stores: Stores, user: User) -> None:
    assert stores.accounts.change_roles(user, ("auditor",), an_audit(user, NOW_MS))
    assert not stores.accounts.change_roles(user, ("editor",), an_audit(user, NOW_MS))

    assert stores.accounts.get(user.user_id) == replace(user, roles=("auditor",))


def test_a_deleted_user_leaves_neither_credential_nor_name_but_an_entry_above_every_version(
    stores: Stores, user: User
) -> None:
    assert stores.accounts.delete(user, an_audit(user, NOW_MS))

    assert stores.accounts.get(user.user_id) is None
    assert stores.accounts.find(user.email).account is None
    assert stores.entries(user.user_id) == [UserDeleted(user.user_id)]
    assert stores.accounts.create(
        a_user(email=user.email), "hash", an_audit(a_user(email=user.email))
    )  # the name is free, the hash is gone


@each_change
def test_a_user_who_moved_on_is_not_changed(stores: Stores, user: User, change: Callable[[Stores, User], bool]) -> None:
    stores.revocations.raise_version(user.user_id, 4, an_audit(user.user_id, NOW_MS))

    assert not change(stores, user)

    assert stores.accounts.get(user.user_id) == replace(user, token_version=5)
    assert len(stores.entries(user.user_id)) == 1


@each_change
def test_changing_nobody_creates_nobody_and_leaves_no_entry(
    stores: Stores, change: Callable[[Stores, User], bool]
) -> None:
    ghost = a_user()

    assert not change(stores, ghost)

    assert stores.accounts.get(ghost.user_id) is None
    assert stores.entries(ghost.user_id) == []


def test_another_password_raises_the_version_in_the_same_step(stores: Stores, user: User) -> None:
    read_by_a_login = stores.account(user.email)

    assert stores.accounts.set_password(user, "new", an_audit(user, NOW_MS))

    account = stores.account(user.email)
    assert (account.user, account.password_hash) == (replace(user, token_version=5), "new")
    assert stores.entries(user.user_id) == [UserChanged(user.user_id, 5)]
    assert not stores.accounts.replace_hash(read_by_a_login, "of the old password")
