"""Sessions and the movement of their rotation."""

from typing import Any

from sallyport.accounts.user import User
from sallyport.aws.dynamodb.table import DAY, MOST_DELETED_AT_ONCE, ConditionFailed, Item, Key, Table
from sallyport.aws.dynamodb.users import user_from, user_key
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import RaceLost, Session

NOT_REVOKED = "attribute_exists(PK) AND attribute_not_exists(revoked_at)"
_NOT_EXPIRED = "expires_at > :now AND idle_expires_at > :now"
_SAME_VERSION = "ver = :ver"
_NOBODY_MOVED_IT = "parent = :parent AND #first = :first"
ALIVE = f"{NOT_REVOKED} AND {_NOT_EXPIRED} AND {_SAME_VERSION}"
AS_READ = f"{ALIVE} AND {_NOBODY_MOVED_IT}"


class Sessions:
    """The session items, as login, refresh, logout and the strict mode read and move them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, user_id: str, sid: str) -> tuple[User | None, Session | None]:
        user, session = self._table.get(user_key(user_id), session_key(user_id, sid))
        return _optional_user(user), optional_session(session)

    def load_all(self, user_id: str, sid: str, jti: str) -> tuple[User | None, Session | None, bool]:
        user, session, revoked = self._table.get(user_key(user_id), session_key(user_id, sid), revoked_token_key(jti))
        return _optional_user(user), optional_session(session), revoked is not None

    def of_user(self, user_id: str) -> list[Session]:
        return [_session_from(item) for item in self._table.partition(f"SESSIONS#{user_id}")]

    def create(self, session: Session) -> None:
        self._table.put(_session_item(session))

    def forget(self, sessions: list[Session]) -> None:
        self._table.delete([session_key(session.user_id, session.sid) for session in sessions])

    def forget_all(self, user_id: str) -> int:
        """Delete every session item of a user, and return how many there were."""
        keys = [(item["PK"], item["SK"]) for item in self._table.partition(f"SESSIONS#{user_id}", only=("PK", "SK"))]
        for first in range(0, len(keys), MOST_DELETED_AT_ONCE):
            self._table.delete(keys[first : first + MOST_DELETED_AT_ONCE])
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
        return _session_from(item)


def session_key(user_id: str, sid: str) -> Key:
    return f"SESSIONS#{user_id}", sid


def revoked_token_key(jti: str) -> Key:
    return f"JTI#{jti}", "JTI"


def as_read(session: Session) -> dict[str, Any]:
    """The values of AS_READ, but for `:now`."""
    return {":ver": session.ver, ":parent": session.rotation.parent, ":first": session.rotation.first}


def _optional_user(item: Item | None) -> User | None:
    return user_from(item) if item else None


def optional_session(item: Item | None) -> Session | None:
    return _session_from(item) if item else None


def _session_from(item: Item) -> Session:
    return Session(
        sid=item["SK"],
        user_id=item["PK"].removeprefix("SESSIONS#"),
        mode=item["mode"],
        rotation=Rotation(item["floor"], item["parent"], item["first"], item["head"], item["rotated_at"]),
        ver=item["ver"],
        created_at=item["created_at"],
        auth_time=item["auth_time"],
        last_used_at=item["last_used_at"],
        expires_at=item["expires_at"],
        idle_expires_at=item["idle_expires_at"],
        user_agent=item["user_agent"],
        ip=item["ip"],
        revoked_at=item.get("revoked_at"),
    )


def _session_item(session: Session) -> Item:
    rotation = session.rotation
    pk, sk = session_key(session.user_id, session.sid)
    return {
        "PK": pk,
        "SK": sk,
        "mode": session.mode,
        "floor": rotation.floor,
        "parent": rotation.parent,
        "first": rotation.first,
        "head": rotation.head,
        "rotated_at": rotation.rotated_at,
        "ver": session.ver,
        "created_at": session.created_at,
        "auth_time": session.auth_time,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "idle_expires_at": session.idle_expires_at,
        "user_agent": session.user_agent,
        "ip": session.ip,
        "revoked_at": session.revoked_at,
        "ttl": session.expires_at + DAY,
    }
