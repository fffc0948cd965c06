"""Sessions and the movement of their rotation."""

from contextlib import suppress
from typing import Any

from sallyport.accounts.guesses import Admission
from sallyport.accounts.user import User
from sallyport.aws.dynamodb.guesses import admitted, full_at
from sallyport.aws.dynamodb.revoking import revoked_token_key
from sallyport.aws.dynamodb.session_items import (
    AS_READ,
    NOT_REVOKED,
    as_read,
    optional_session,
    session_from,
    session_item,
    session_key,
)
from sallyport.aws.dynamodb.table import DAY, ConditionFailed, Item, Table
from sallyport.aws.dynamodb.user_items import AT_VERSION, NOT_LEAVING, not_leaving, user_from, user_key
from sallyport.errors import ChangedMeanwhile, TooManyAttempts
from sallyport.sessions.session import Mode, RaceLost, Session

_TIMES = 3


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

    def open(self, session: Session, admission: Admission) -> bool:
        user_as_needed = self._table.check_in_transaction(
            user_key(session.user_id),
            condition=f"{AT_VERSION} AND #status = :active AND {NOT_LEAVING}",
            values={":ver": session.ver, ":active": "active", **not_leaving(session.created_at)},
            names={"#status": "status"},
        )
        opened = self._table.put_in_transaction(session_item(session))
        now_ms, full_at_ms = session.rotation.rotated_at, admission.full_at_ms
        for _ in range(_TIMES):
            counted = admitted(self._table, admission, full_at_ms=full_at_ms, now_ms=now_ms)
            try:
                self._table.transact([user_as_needed, opened, *counted])
            except ConditionFailed as failed:
                if failed.position == 0:
                    return False
                full_at_ms = full_at(failed.current)  # another login came first
                if wait := admission.bucket.empty_for(full_at_ms, now_ms):
                    raise TooManyAttempts(wait) from None
            else:
                return True
        raise ChangedMeanwhile

    def retire(self, user_id: str, sid: str, *, mode: Mode, now: int) -> None:
        with suppress(ConditionFailed):
            self._table.update(
                session_key(user_id, sid),
                "SET revoked_at = :now, #ttl = :ttl",
                condition=f"{NOT_REVOKED} AND #mode = :mode",
                values={":now": now, ":ttl": now + DAY, ":mode": mode},
                names={"#mode": "mode", "#ttl": "ttl"},
            )

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
