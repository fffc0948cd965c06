"""Log in: what happens when the user changes between the check of the password and the session."""

from dataclasses import replace

import pytest

from sallyport.accounts.password import normal
from sallyport.accounts.user import AccountStore, User
from sallyport.errors import ChangedMeanwhile, InvalidCredentials
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.session import Device, Session, SessionStore
from sallyport.use_cases.authenticate import Authenticate
from sallyport.use_cases.log_in import LogIn
from sallyport.use_cases.open_session import Lifetimes, OpenSession
from tests.support.builders import DAY, NOW, SECOND, WEAK_PASSWORDS
from tests.support.calls import Calls
from tests.support.fakes import FakeSessions, Memory
from tests.support.issuing import refresh_token_verifier, token_issuer

HERE = Device(ip="192.0.2.1", user_agent="a browser")
PASSWORD = normal("correct horse battery staple")


@pytest.fixture
def user(memory: Memory, user: User) -> User:
    memory.hashes[user.user_id] = WEAK_PASSWORDS.hash(PASSWORD)
    return user


def logging_in(accounts: AccountStore, sessions: SessionStore, revocations: RevocationStore) -> LogIn:
    return LogIn(
        authenticate=Authenticate(accounts=accounts, passwords=WEAK_PASSWORDS),
        open_session=OpenSession(
            sessions=sessions,
            revocations=revocations,
            verifier=refresh_token_verifier(),
            issuer=token_issuer(),
            life=Lifetimes(absolute=DAY, idle=DAY),
            clock=lambda: NOW * SECOND,
        ),
    )


class Moving(FakeSessions):
    """Changes the user before the first `times` sessions are opened."""

    def __init__(self, memory: Memory, times: int, **change: object) -> None:
        super().__init__(memory)
        self._left = times
        self._change = change

    def open(self, session: Session) -> bool:
        if self._left:
            self._left -= 1
            user = self._memory.users[session.user_id]
            change = self._change or {"token_version": user.token_version + 1}
            self._memory.users[session.user_id] = replace(user, **change)  # type: ignore[arg-type]
        return super().open(session)


def test_a_user_whose_version_moves_meanwhile_is_authenticated_once_more(
    accounts: AccountStore, revocations: RevocationStore, memory: Memory, user: User, calls: Calls
) -> None:
    log_in = logging_in(accounts, Moving(memory, 1), revocations)

    log_in(user.email, PASSWORD, HERE, "body")

    (session,) = memory.sessions.values()
    assert session.ver == user.token_version + 1
    assert calls.made.count("find") == 2


def test_a_user_who_is_disabled_meanwhile_is_refused_like_any_other(
    accounts: AccountStore, revocations: RevocationStore, memory: Memory, user: User
) -> None:
    log_in = logging_in(accounts, Moving(memory, 1, status="disabled"), revocations)

    with pytest.raises(InvalidCredentials):
        log_in(user.email, PASSWORD, HERE, "body")

    assert memory.sessions == {}


def test_a_user_who_keeps_moving_is_not_logged_in(
    accounts: AccountStore, revocations: RevocationStore, memory: Memory, user: User
) -> None:
    with pytest.raises(ChangedMeanwhile):
        logging_in(accounts, Moving(memory, 2), revocations)(user.email, PASSWORD, HERE, "body")

    assert memory.sessions == {}


def test_a_user_who_is_leaving_is_not_logged_in(
    accounts: AccountStore, sessions: SessionStore, revocations: RevocationStore, memory: Memory, user: User
) -> None:
    memory.leaving[user.user_id] = NOW

    with pytest.raises(ChangedMeanwhile):
        logging_in(accounts, sessions, revocations)(user.email, PASSWORD, HERE, "body")

    assert memory.sessions == {}
