"""What every store promises about a change of password."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from dev.aws.cloud import LOCAL
from sallyport.accounts.user import Account, User
from sallyport.aws.dynamodb.table import Table, Write
from sallyport.revocation.entries import UserChanged
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import Session
from tests.support.builders import NOW, SECOND, a_session, a_user, an_audit
from tests.support.stores import Stores, in_table

LATER = NOW + 3600

OLD, NEW = "old hash", "new hash"


@pytest.fixture
def user(stores: Stores) -> User:
    user = a_user()
    assert stores.accounts.create(user, OLD, an_audit(user))
    return user


def change(stores: Stores, account: Account, session: Session, new_hash: str = NEW) -> Session | None:
    return stores.accounts.change_password(account, session.sid, new_hash, an_audit(account.user, LATER * SECOND))


def account_of(user: User) -> Account:
    return Account(user, OLD)


def test_it_raises_the_version_and_leaves_the_acting_session_with_one_unseen_generation(
    stores: Stores, user: User, session: Session
) -> None:
    changed = change(stores, account_of(user), session)

    assert changed == replace(
        session, ver=2, rotation=Rotation(floor=6, parent=6, first=7, head=7, rotated_at=LATER * SECOND)
    )
    raised = replace(user, token_version=2)
    assert stores.sessions.load(user.user_id, session.sid) == (raised, changed)
    assert stores.account(user.email) == Account(raised, NEW)
    assert stores.entries(user.user_id) == [UserChanged(user.user_id, 2)]


def test_it_touches_no_other_session(stores: Stores, user: User, session: Session) -> None:
    other = a_session(user)
    stores.keep(other)

    change(stores, account_of(user), session)

    assert stores.sessions.load(user.user_id, other.sid)[1] == other


def test_refreshes_in_between_do_not_stop_it(stores: Stores, user: User, session: Session) -> None:
    stores.sessions.recover(session, now_ms=LATER * SECOND, idle_expires_at=session.idle_expires_at)
    stores.sessions.rotate(session, 4, now_ms=LATER * SECOND, idle_expires_at=session.idle_expires_at)

    changed = change(stores, account_of(user), session)

    assert changed is not None
    assert changed.rotation == Rotation(floor=8, parent=8, first=9, head=9, rotated_at=LATER * SECOND)


Obstacle = Callable[[Stores, User, Session], object]
OBSTACLES: dict[str, Obstacle] = {
    "another hash": lambda stores, user, _: stores.accounts.replace_hash(account_of(user), "somebody else's"),
    "a raised version": lambda stores, user, _: stores.revocations.raise_version(
        user.user_id, 1, an_audit(user.user_id, NOW * SECOND)
    ),
    "a logout": lambda stores, user, session: stores.revocations.end(user.user_id, session.sid, now_ms=NOW * SECOND),
    "the absolute end": lambda stores, _, session: stores.keep(replace(session, expires_at=LATER)),
    "the idle end": lambda stores, _, session: stores.keep(replace(session, idle_expires_at=LATER)),
    "an older session": lambda stores, _, session: stores.keep(replace(session, ver=0)),
    "no session": lambda stores, _, session: stores.sessions.forget([session]),
}


@pytest.mark.parametrize("obstacle", OBSTACLES.values(), ids=OBSTACLES.keys())
def test_what_stands_in_the_way_stops_all_of_it(
    stores: Stores, user: User, session: Session, obstacle: Obstacle
) -> None:
    obstacle(stores, user, session)
    before = stores.account(user.email), stores.sessions.of_user(user.user_id), stores.entries(user.user_id)

    assert change(stores, account_of(user), session) is None

    assert before == (stores.account(user.email), stores.sessions.of_user(user.user_id), stores.entries(user.user_id))


@pytest.mark.parametrize("end", ["expires_at", "idle_expires_at"])
def test_it_can_be_made_until_the_sessions_last_second(stores: Stores, user: User, session: Session, end: str) -> None:
    stores.keep(replace(session, **{end: LATER + 1}))  # type: ignore[arg-type]

    assert change(stores, account_of(user), session) is not None


def test_it_creates_nobody_and_nothing(stores: Stores) -> None:
    ghost = a_user()

    assert change(stores, account_of(ghost), a_session(ghost)) is None

    assert stores.accounts.find(ghost.email).account is None
    assert stores.sessions.of_user(ghost.user_id) == []
    assert stores.entries(ghost.user_id) == []


def test_of_two_at_once_one_happens(stores: Stores, user: User, session: Session) -> None:
    changed = change(stores, account_of(user), session, "first")

    assert change(stores, account_of(user), session, "second") is None

    assert stores.sessions.load(user.user_id, session.sid)[1] == changed
    assert stores.account(user.email).password_hash == "first"


class RepeatingTable(Table):
    """A table that is sent every transaction twice, because the answer to the first was lost."""

    def transact(self, writes: Sequence[Write]) -> None:
        super().transact(writes)
        super().transact(writes)


def test_a_retry_of_our_own_is_told_from_an_obstacle(moto_table: str, dynamodb_stores: Stores) -> None:
    """DynamoDB itself knows a repeated transaction by its token, but only for ten minutes."""
    user = a_user()
    dynamodb_stores.accounts.create(user, OLD, an_audit(user))
    session = a_session(user)
    dynamodb_stores.keep(session)
    repeating = in_table(RepeatingTable(LOCAL.dynamodb(), moto_table)).accounts

    changed = repeating.change_password(
        account_of(user), session.sid, NEW, an_audit(account_of(user).user, LATER * SECOND)
    )

    assert changed is not None
    assert changed.rotation == Rotation(floor=1, parent=1, first=2, head=2, rotated_at=LATER * SECOND)
    assert dynamodb_stores.sessions.load(user.user_id, session.sid) == (replace(user, token_version=2), changed)
    assert dynamodb_stores.entries(user.user_id) == [UserChanged(user.user_id, 2)]
