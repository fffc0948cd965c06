"""Every change of an account, its sessions by force or its keys is kept with its audit entry, or neither is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

import pytest

from dev.aws.cloud import LOCAL
from sallyport.accounts.one_time_token import EmailChange, OneTimeToken, Registration, Reset, secret_hash
from sallyport.accounts.user import Account, User
from sallyport.audit import KEYS, Action, AuditEntry, by_system, by_user
from sallyport.aws.dynamodb.audit import AuditTrail
from sallyport.aws.dynamodb.table import Table
from sallyport.identifiers import new_id
from sallyport.sessions.session import Session
from tests.support.builders import DAY, NOW, SECOND, a_session, a_user, an_audit
from tests.support.stores import Stores

NOW_MS = NOW * SECOND + 123


@pytest.fixture
def user(stores: Stores) -> User:
    user = a_user()
    assert stores.accounts.create(user, "hash", an_audit(user, NOW_MS - 1, "user.created", after=user.standing))
    return user


@pytest.fixture
def session(stores: Stores, user: User) -> Session:
    session = a_session(user)
    stores.keep(session)
    return session


def entry(user: User, action: Action) -> AuditEntry:
    return AuditEntry(user.user_id, action, NOW_MS, by_user("request", "acting-session"))


def offered(stores: Stores, grant: Registration | Reset | EmailChange, mailbox: str) -> OneTimeToken:
    token = OneTimeToken(new_id(), "verify_email", mailbox, secret_hash("s"), "hash", NOW + 1800, grant)
    assert stores.tokens.offer(token)
    return token


def reset(stores: Stores, user: User, _: Session) -> bool:
    grant = Reset(user.user_id, user.token_version, user.email)
    token = offered(stores, grant, user.email)
    return stores.redemptions.reset(token, grant, "new", entry(user, "password.reset"), by_code=False)


def move(stores: Stores, user: User, _: Session) -> bool:
    grant = EmailChange(user.user_id, user.token_version, user.email, f"x{user.email}")
    token = offered(stores, grant, grant.new_email)
    return stores.redemptions.move(token, grant, entry(user, "email.changed"), by_code=False)


def replayed(stores: Stores, user: User, session: Session) -> bool:
    stores.revocations.revoke_replayed(session, entry(user, "session.replayed"))
    return True


def changed_password(stores: Stores, user: User, session: Session) -> bool:
    audit = entry(user, "password.changed")
    return stores.accounts.change_password(Account(user, "hash"), session.sid, "new", audit) is not None


def enabled(stores: Stores, user: User, _: Session) -> bool:
    stores.accounts.disable(user, an_audit(user, NOW_MS - 1))
    return stores.accounts.enable(user, entry(user, "user.enabled"))


Change: TypeAlias = Callable[[Stores, User, Session], bool]
CHANGES: Mapping[Action, Change] = {
    "user.disabled": lambda stores, user, _: stores.accounts.disable(user, entry(user, "user.disabled")),
    "user.enabled": enabled,
    "user.deleted": lambda stores, user, _: stores.accounts.delete(user, entry(user, "user.deleted")),
    "roles.changed": lambda stores, user, _: stores.accounts.change_roles(
        user, ("admin",), entry(user, "roles.changed")
    ),
    "password.changed": changed_password,
    "password.reset": reset,
    "password.set": lambda stores, user, _: stores.accounts.set_password(user, "new", entry(user, "password.set")),
    "email.changed": move,
    "session.revoked": lambda stores, user, session: stores.revocations.revoke_session(
        user.user_id, session.sid, entry(user, "session.revoked")
    ),
    "session.replayed": replayed,
    "sessions.revoked": lambda stores, user, _: stores.revocations.raise_version(
        user.user_id, user.token_version, entry(user, "sessions.revoked")
    ),
}


@pytest.mark.parametrize("action", CHANGES)
def test_a_change_keeps_its_entry(stores: Stores, user: User, session: Session, action: Action) -> None:
    assert CHANGES[action](stores, user, session)

    assert stores.audited(user.user_id)[-1] == entry(user, action)


@pytest.mark.parametrize(
    "action", [action for action in CHANGES if action not in ("session.replayed", "session.revoked")]
)
def test_a_change_that_comes_too_late_keeps_none(stores: Stores, user: User, session: Session, action: Action) -> None:
    assert stores.revocations.raise_version(user.user_id, user.token_version, an_audit(user, NOW_MS - 1))
    stores.accounts.disable(replace(user, token_version=2), an_audit(user, NOW_MS - 1))
    stores.accounts.enable(user, an_audit(user, NOW_MS - 1))
    before = len(stores.audited(user.user_id))

    if action == "user.enabled":
        assert not stores.accounts.enable(user, entry(user, action))
    else:
        assert not CHANGES[action](stores, user, session)

    assert len(stores.audited(user.user_id)) == before


def test_who_registers_is_audited(stores: Stores) -> None:
    user = a_user()
    token = offered(stores, Registration(user.email), user.email)
    audit = replace(entry(user, "user.verified"), after=user.standing)

    assert stores.redemptions.register(token, user, "hash", audit, by_code=False)
    assert not stores.redemptions.register(token, a_user(), "hash", audit, by_code=False)

    assert stores.audited(user.user_id) == [audit]


def test_a_logout_is_none(stores: Stores, user: User, session: Session) -> None:
    assert stores.revocations.end(user.user_id, session.sid, now_ms=NOW_MS)

    assert [audit.action for audit in stores.audited(user.user_id)] == ["user.created"]


def test_entries_come_oldest_first_and_outlive_the_user(stores: Stores, user: User) -> None:
    assert stores.accounts.change_roles(user, ("a",), an_audit(user, NOW_MS, "roles.changed"))
    changed = replace(user, roles=("a",))
    assert stores.accounts.delete(changed, an_audit(user, NOW_MS + 1, "user.deleted", before=changed.standing))

    first, *_, last = stores.audited(user.user_id)
    assert (first.action, first.after) == ("user.created", user.standing)
    assert (last.action, last.before) == ("user.deleted", changed.standing)


def test_an_item_names_nobody_but_by_id_and_ends_after_the_days_that_were_chosen(moto_table: str) -> None:
    table = Table(LOCAL.dynamodb(), moto_table)
    trail = AuditTrail(table, days=7)
    audit = AuditEntry(KEYS, "key.dropped", NOW_MS, by_system("request"), use="access", kid="a")

    table.transact([trail.write(audit)])

    (item,) = table.partition(f"AUDIT#{KEYS}")
    assert item["ttl"] == NOW + 7 * DAY
    assert item["at"] == "2027-01-15T08:00:00.123+00:00"
    assert item["SK"].startswith(f"{NOW_MS}#")
    assert {name: value for name, value in item.items() if value == ""}.keys() == {
        "by_sid", "sid", "roles_before", "roles_after", "status_before", "status_after"
    }  # fmt: skip
    assert trail.about(KEYS) == [audit]
