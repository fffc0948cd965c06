"""The items as the table holds them (DESIGN section 7)."""

from collections.abc import Callable
from typing import Any

from tests.support.builders import DAY, NOW, SECOND, a_session, a_user, an_audit
from tests.support.stores import Stores

LATER = NOW + 3600

RawItems = Callable[[str], list[dict[str, Any]]]


def test_hash_and_user_are_kept_apart(dynamodb_stores: Stores, raw_items: RawItems) -> None:
    user = a_user()
    dynamodb_stores.accounts.create(user, "hash", an_audit(user))

    (stored_user,) = raw_items(f"USER#{user.user_id}")
    (credential,) = raw_items(f"CREDENTIAL#{user.user_id}")
    (login_name,) = raw_items(f"EMAIL#{user.email}")
    assert stored_user.keys() == {
        "PK", "SK", "email", "token_version", "status", "roles", "created_at"
    }  # fmt: skip
    assert credential.keys() == {"PK", "SK", "password_hash"}
    assert login_name.keys() == {"PK", "SK", "user_id"}


def test_a_session_outlives_its_end_by_a_day(dynamodb_stores: Stores, raw_items: RawItems) -> None:
    session = a_session()
    dynamodb_stores.keep(session)
    (stored,) = raw_items(f"SESSIONS#{session.user_id}")
    assert stored["ttl"] == {"N": str(session.expires_at + DAY)}

    dynamodb_stores.revocations.end(session.user_id, session.sid, now_ms=LATER * SECOND)
    (revoked,) = raw_items(f"SESSIONS#{session.user_id}")
    assert revoked["ttl"] == {"N": str(LATER + DAY)}


def test_an_entry_says_nothing_personal_and_is_kept_for_the_retention(
    dynamodb_stores: Stores, raw_items: RawItems
) -> None:
    session = a_session()
    dynamodb_stores.keep(session)

    dynamodb_stores.revocations.end(session.user_id, session.sid, now_ms=LATER * SECOND)

    (entry,) = [item for item in raw_items("REVOKED#0") if item.get("sid") == {"S": session.sid}]
    assert entry.keys() == {"PK", "SK", "sid", "expires_at", "ttl"}
    assert entry["SK"]["S"].startswith(f"{LATER * SECOND:013}#")
    assert entry["expires_at"] == {"N": str(LATER + 600 + 120)}
    assert entry["ttl"] == {"N": str(LATER + 600 + 120 + DAY)}
