"""A user with a live session in memory, and the stores of every use case over that memory."""

import pytest

from sallyport.accounts.user import AccountStore, User
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.session import Session, SessionStore
from tests.support.builders import a_session, a_user
from tests.support.calls import Calls
from tests.support.fakes import FakeAccounts, FakeRevocations, FakeSessions, Memory


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def accounts(memory: Memory, calls: Calls) -> AccountStore:
    return calls.to(FakeAccounts(memory))


@pytest.fixture
def sessions(memory: Memory, calls: Calls) -> SessionStore:
    return calls.to(FakeSessions(memory))


@pytest.fixture
def revocations(memory: Memory, calls: Calls) -> RevocationStore:
    return calls.to(FakeRevocations(memory))


@pytest.fixture
def user(memory: Memory) -> User:
    user = a_user()
    memory.users[user.user_id] = user
    return user


@pytest.fixture
def session(memory: Memory, user: User) -> Session:
    session = a_session(user)
    memory.sessions[session.user_id, session.sid] = session
    return session
