"""A user with a live session in memory, and the stores of every use case over that memory."""

import pytest

from sallyport.accounts.guesses import GuessStore
from sallyport.accounts.hashing import Passwords
from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.one_time_token import OneTimeTokenStore, RedemptionStore
from sallyport.accounts.throttle import Bucket, ThrottleStore
from sallyport.accounts.user import AccountStore, User
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.opening import OpeningStore
from sallyport.sessions.session import Session, SessionStore
from sallyport.tokens.access import AccessToken
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.choose_password import ChoosePassword
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.limit_client import LimitClient
from sallyport.use_cases.notify import Notify
from sallyport.use_cases.prove_mailbox import ProveMailbox
from tests.support.builders import NOW, SECOND, WEAK_PASSWORDS, a_session, a_token, a_user
from tests.support.calls import Calls
from tests.support.fakes import (
    FakeAccounts,
    FakeGuesses,
    FakeMailQueue,
    FakeOneTimeTokens,
    FakeOpenings,
    FakeRedemptions,
    FakeRevocations,
    FakeSessions,
    FakeThrottle,
    Memory,
)
from tests.support.tokens import KnownKeys, refresh_key


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
def openings(memory: Memory, calls: Calls) -> OpeningStore:
    return calls.to(FakeOpenings(memory))


@pytest.fixture
def revocations(memory: Memory, calls: Calls) -> RevocationStore:
    return calls.to(FakeRevocations(memory))


@pytest.fixture
def throttle(memory: Memory, calls: Calls) -> ThrottleStore:
    return calls.to(FakeThrottle(memory))


@pytest.fixture
def guesses(memory: Memory, calls: Calls) -> GuessStore:
    return calls.to(FakeGuesses(memory))


@pytest.fixture
def tokens(memory: Memory, calls: Calls) -> OneTimeTokenStore:
    return calls.to(FakeOneTimeTokens(memory))


@pytest.fixture
def redemptions(memory: Memory, calls: Calls) -> RedemptionStore:
    return calls.to(FakeRedemptions(memory))


@pytest.fixture
def passwords(calls: Calls) -> Passwords:
    return calls.to(WEAK_PASSWORDS)


@pytest.fixture
def queue() -> FakeMailQueue:
    return FakeMailQueue()


@pytest.fixture
def notify(queue: FakeMailQueue, calls: Calls) -> Notify:
    return Notify(queue=calls.to(queue), language="en", clock=lambda: NOW * SECOND)


@pytest.fixture
def prove_mailbox(tokens: OneTimeTokenStore, throttle: ThrottleStore, passwords: Passwords) -> ProveMailbox:
    return ProveMailbox(
        tokens=tokens,
        throttle=throttle,
        limit_client=LimitClient(throttle=throttle, bucket=Bucket("attempts", 100, 1), clock=lambda: NOW * SECOND),
        codes=passwords,
        by_code=("verify_email", "reset_password", "confirm_email"),
        clock=lambda: NOW * SECOND,
    )


@pytest.fixture
def rules() -> NewPasswords:
    return NewPasswords(min_length=15, service_name="Sallyport", blocklist=())


@pytest.fixture
def choose_password(prove_mailbox: ProveMailbox, rules: NewPasswords, passwords: Passwords) -> ChoosePassword:
    return ChoosePassword(prove_mailbox=prove_mailbox, rules=rules, passwords=passwords)


@pytest.fixture
def confirm_caller(
    sessions: SessionStore, accounts: AccountStore, passwords: Passwords, guesses: GuessStore
) -> ConfirmCaller:
    return ConfirmCaller(
        sessions=sessions, accounts=accounts, passwords=passwords, guesses=guesses, clock=lambda: NOW * SECOND
    )


@pytest.fixture
def devices() -> DeviceTokens:
    return DeviceTokens(KnownKeys({}), refresh_key)


@pytest.fixture
def caller(session: Session) -> AccessToken:
    return a_token(session.sid, session.user_id, session.ver)


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
