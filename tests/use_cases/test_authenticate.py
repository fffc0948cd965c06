"""Authenticate: whose password this is, and that every refusal costs and says the same."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import pytest

from sallyport.accounts.hashing import Parameters, Passwords
from sallyport.accounts.password import NormalPassword, normal
from sallyport.accounts.user import Account, AccountStore, User
from sallyport.errors import InvalidCredentials, Unavailable
from sallyport.use_cases.authenticate import Authenticate, Authenticated
from tests.support.builders import WEAK_PASSWORDS
from tests.support.calls import Calls
from tests.support.fakes import Memory

Case: TypeAlias = Callable[[Memory, User], tuple[Account | None, NormalPassword]]

PASSWORD = normal("correct horse battery staple")
ANOTHER = normal("correct horse battery stable")

WEAKER_PASSWORDS = Passwords(Parameters(memory_kib=16, time_cost=1))
"""Parameters that are not those of WEAK_PASSWORDS, as yesterday's were."""


@pytest.fixture
def user(memory: Memory, user: User) -> User:
    memory.hashes[user.user_id] = WEAK_PASSWORDS.hash(PASSWORD)
    return user


@pytest.fixture
def authenticate(accounts: AccountStore, calls: Calls) -> Authenticate:
    return Authenticate(accounts=accounts, passwords=calls.to(WEAK_PASSWORDS))


def test_the_right_password_finds_its_user_and_writes_nothing(
    authenticate: Authenticate, memory: Memory, calls: Calls, user: User
) -> None:
    assert authenticate(account_of(memory, user), PASSWORD) == Authenticated(user)
    assert calls.made == ["check"]


def account_of(memory: Memory, user: User) -> Account:
    """Return the account as a login reads it."""
    return Account(memory.users[user.user_id], memory.hashes.get(user.user_id))


def wrong_password(memory: Memory, user: User) -> tuple[Account | None, NormalPassword]:
    return account_of(memory, user), ANOTHER


def unknown_address(memory: Memory, user: User) -> tuple[Account | None, NormalPassword]:
    return None, PASSWORD


def disabled_user(memory: Memory, user: User) -> tuple[Account | None, NormalPassword]:
    memory.users[user.user_id] = replace(user, status="disabled")
    return account_of(memory, user), PASSWORD


def user_without_a_password(memory: Memory, user: User) -> tuple[Account | None, NormalPassword]:
    del memory.hashes[user.user_id]
    return account_of(memory, user), PASSWORD


REFUSED = [wrong_password, unknown_address, disabled_user, user_without_a_password]


@pytest.mark.parametrize("case", REFUSED)
def test_every_refusal_is_the_same_after_the_same_calls(
    authenticate: Authenticate, memory: Memory, calls: Calls, user: User, case: Case
) -> None:
    with pytest.raises(InvalidCredentials) as refused:
        authenticate(*case(memory, user))

    assert (refused.value.code, refused.value.reason) == ("invalid_credentials", "invalid_credentials")
    assert calls.made == ["check"]


def test_a_hash_weaker_than_todays_is_replaced_by_one_of_the_same_password(
    authenticate: Authenticate, memory: Memory, calls: Calls, user: User
) -> None:
    memory.hashes[user.user_id] = weaker = WEAKER_PASSWORDS.hash(PASSWORD)

    assert authenticate(account_of(memory, user), PASSWORD) == Authenticated(user)

    assert calls.made == ["check", "hash", "replace_hash"]
    assert memory.hashes[user.user_id] != weaker
    assert WEAK_PASSWORDS.check(PASSWORD, memory.hashes[user.user_id]).matches
    assert not WEAK_PASSWORDS.check(PASSWORD, memory.hashes[user.user_id]).outdated


@pytest.mark.parametrize("case", [wrong_password, disabled_user])
def test_a_weak_hash_stays_when_the_login_is_refused(
    authenticate: Authenticate, memory: Memory, calls: Calls, user: User, case: Case
) -> None:
    memory.hashes[user.user_id] = weaker = WEAKER_PASSWORDS.hash(PASSWORD)
    with pytest.raises(InvalidCredentials):
        authenticate(*case(memory, user))

    assert memory.hashes[user.user_id] == weaker
    assert calls.made == ["check"]


def test_a_weak_hash_that_cannot_be_replaced_keeps_nobody_out(
    authenticate: Authenticate, memory: Memory, calls: Calls, user: User
) -> None:
    memory.hashes[user.user_id] = WEAKER_PASSWORDS.hash(PASSWORD)
    calls.fail("replace_hash")

    assert authenticate(account_of(memory, user), PASSWORD) == Authenticated(user, ("not_rehashed",))


def test_a_hash_that_somebody_replaced_meanwhile_is_left_as_it_is(
    authenticate: Authenticate, memory: Memory, user: User
) -> None:
    """Two logins at once: the second one's write finds another hash than it read. Both are let in."""
    memory.hashes[user.user_id] = WEAKER_PASSWORDS.hash(PASSWORD)
    replace_hash = memory.hashes.__setitem__

    class Rival(Passwords):
        def hash(self, password: NormalPassword) -> str:
            replace_hash(user.user_id, "the rival's")
            return super().hash(password)

    rivalled = replace(authenticate, passwords=Rival(Parameters(memory_kib=8, time_cost=1)))

    assert rivalled(account_of(memory, user), PASSWORD) == Authenticated(user)
    assert memory.hashes[user.user_id] == "the rival's"


def test_a_failure_is_neither_a_yes_nor_a_no(
    authenticate: Authenticate, memory: Memory, calls: Calls, user: User
) -> None:
    calls.fail("check")

    with pytest.raises(Unavailable):
        authenticate(account_of(memory, user), PASSWORD)

    assert calls.made == ["check"]
