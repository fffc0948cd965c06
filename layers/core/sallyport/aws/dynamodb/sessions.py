"""Sessions and the movement of their rotation."""

from typing import Any

from sallyport.accounts.user import User
from sallyport.aws.dynamodb.revoking import revoked_token_key
from sallyport.aws.dynamodb.session_items import (
    AS_READ,
    as_read,
    optional_session,
    session_from,
    session_key,
)
from sallyport.aws.dynamodb.table import ConditionFailed, Item, Table
from sallyport.aws.dynamodb.user_items import user_from, user_key
from sallyport.sessions.session import RaceLost, Session


class Sessions:
    """The session items. Implements SessionStore."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, user_id: str, sid: str) -> tuple[User | None, Session | None]:
        user, session = self._table.get(user_key(user_id), session_key(user_id, sid))
        return _optional_user(user), optional_session(session)

    def load_all(self, user_id: str, sid: str, jti: str) -> tuple[User | None, Session | None, bool]:
        user, session, revoked = self._table.get(user_key(user_id), session_key(user_id, sid), revoked_token_key(jti))
        return _optional_user(user), optional_session(session), revoked is not None

    def of_user(self, user_id: str) -> list[Session]:
        return [session_from(item) for item in self._table.partition(f"SESSIONS#{user_id}")]

    def forget(self, sessions: list[Session]) -> None:
        self._table.delete([session_key(session.user_id, session.sid) for session in sessions])

    def forget_all(self, user_id: str) -> int:
        """Delete every session item of a user, and return how many there were."""
        keys = [(item["PK"], item["SK"]) for item in self._table.partition(f"SESSIONS#{user_id}", only=("PK", "SK"))]
        self._table.delete(keys)
        return len(keys)

    def rotate(self, session: Session, gen: int, *, now_ms: int, idle_expires_at: int) -> Session:
        return self._move(
            session,
            "floor = parent, parent = :gen, #first = head + :one, head = head + :one, rotated_at = :now_ms",
            {":gen": gen, ":now_ms": now_ms},
            now=now_ms // 1000,
            idle_expires_at=idle_expires_at,
        )

    def recover(self, session: Session, *, now_ms: int, idle_expires_at: int) -> Session:
        return self._move(session, "head = head + :one", {}, now=now_ms // 1000, idle_expires_at=idle_expires_at)

    def _move(
        self, session: Session, change: str, values: dict[str, Any], *, now: int, idle_expires_at: int
    ) -> Session:
        try:
            item = self._table.update(
                session_key(session.user_id, session.sid),
                f"SET {change}, last_used_at = :now, idle_expires_at = :idle",
                condition=AS_READ,
                values={":now": now, ":one": 1, ":idle": idle_expires_at, **as_read(session), **values},
                names={"#first": "first"},
            )
        except ConditionFailed as failed:
            raise RaceLost(optional_session(failed.current)) from None
        return session_from(item)


def _optional_user(item: Item | None) -> User | None:
    return user_from(item) if item else None
