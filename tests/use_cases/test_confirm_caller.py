"""Confirm callers: wrong passwords count against the session that asks, and against nobody else."""

from dataclasses import replace

import pytest

from sallyport.accounts.guesses import key_of_session
from sallyport.accounts.password import normal
from sallyport.accounts.user import User
from sallyport.errors import TokenDead, TooManyAttempts, Unavailable, WrongPassword
from sallyport.sessions.session import Session
from sallyport.tokens.access import AccessToken
from sallyport.use_cases.confirm_caller import ConfirmCaller
from tests.support.builders import DAY, NOW, SECOND, WEAK_PASSWORDS, a_session, a_token
from tests.support.calls import Calls
from tests.support.fakes import Memory

RIGHT, WRONG = normal("correct horse battery staple"), normal("correct horse battery stable")


@pytest.fixture
def user(memory: Memory, user: User) -> User:
    memory.hashes[user.user_id] = WEAK_PASSWORDS.hash(RIGHT)
    return user


def fail(confirm_caller: ConfirmCaller, caller: AccessToken, times: int) -> None:
    for _ in range(times):
        with pytest.raises(WrongPassword):
            confirm_caller(caller, WRONG)


def test_the_failure_is_counted_before_the_password_is_compared(
    confirm_caller: ConfirmCaller, caller: AccessToken, calls: Calls
) -> None:
    confirm_caller(caller, RIGHT)

    assert calls.made == ["load_all", "of_user", "reserve", "check", "clear"]


def test_after_five_failures_the_right_password_waits_like_a_wrong_one_and_is_not_compared(
    confirm_caller: ConfirmCaller, caller: AccessToken, calls: Calls
) -> None:
    fail(confirm_caller, caller, 5)
    calls.made.clear()

    for password in (RIGHT, WRONG):
        with pytest.raises(TooManyAttempts) as refused:
            confirm_caller(caller, password)
        assert refused.value.retry_after == 1

    assert "check" not in calls.made


def test_a_session_with_a_hundred_failures_changes_nothing_more_and_another_one_does(
    confirm_caller: ConfirmCaller, caller: AccessToken, memory: Memory, user: User
) -> None:
    memory.guesses[key_of_session(caller.sid)] = (100, 0)
    other = a_session(user)
    memory.sessions[other.user_id, other.sid] = other

    late = replace(confirm_caller, clock=lambda: (NOW + DAY) * SECOND)
    with pytest.raises(TooManyAttempts):
        late(caller, RIGHT)

    assert confirm_caller(a_token(other.sid, user.user_id, user.token_version), RIGHT)[0] == other


def test_the_right_password_begins_the_count_anew(
    confirm_caller: ConfirmCaller, caller: AccessToken, memory: Memory
) -> None:
    fail(confirm_caller, caller, 4)

    confirm_caller(caller, RIGHT)

    assert memory.guesses == {}
    fail(confirm_caller, caller, 5)


def test_a_password_that_could_not_be_compared_is_no_failure(
    confirm_caller: ConfirmCaller, caller: AccessToken, memory: Memory, calls: Calls
) -> None:
    calls.fail("check")
    with pytest.raises(Unavailable):
        confirm_caller(caller, RIGHT)
    assert memory.guesses[key_of_session(caller.sid)][0] == 0

    calls.fail("give_back")
    with pytest.raises(Unavailable):
        confirm_caller(caller, RIGHT)
    assert memory.guesses[key_of_session(caller.sid)][0] == 1


def test_a_right_password_whose_count_cannot_be_cleared_is_no_failure(
    confirm_caller: ConfirmCaller, caller: AccessToken, memory: Memory, calls: Calls
) -> None:
    """Else five answers of 503 would make the user wait, though every password was right."""
    fail(confirm_caller, caller, 2)
    calls.fail("clear")

    with pytest.raises(Unavailable):
        confirm_caller(caller, RIGHT)

    assert memory.guesses[key_of_session(caller.sid)][0] == 2


def test_a_dead_token_counts_against_nobody(
    confirm_caller: ConfirmCaller, caller: AccessToken, memory: Memory, session: Session
) -> None:
    memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=NOW)

    with pytest.raises(TokenDead):
        confirm_caller(caller, WRONG)

    assert memory.guesses == {}
