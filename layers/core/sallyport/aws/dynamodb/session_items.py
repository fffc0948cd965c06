"""Sessions as items, and the conditions under which they move."""

from typing import Any

from sallyport.aws.dynamodb.table import DAY, Item, Key
from sallyport.sessions.rotation import Rotation
from sallyport.sessions.session import Session

NOT_REVOKED = "attribute_exists(PK) AND attribute_not_exists(revoked_at)"
_NOT_EXPIRED = "expires_at > :now AND idle_expires_at > :now"
_SAME_VERSION = "ver = :ver"
_NOBODY_MOVED_IT = "parent = :parent AND #first = :first"
ALIVE = f"{NOT_REVOKED} AND {_NOT_EXPIRED} AND {_SAME_VERSION}"
AS_READ = f"{ALIVE} AND {_NOBODY_MOVED_IT}"


def session_key(user_id: str, sid: str) -> Key:
    return f"SESSIONS#{user_id}", sid


def as_read(session: Session) -> dict[str, Any]:
    """Return the values of AS_READ, but for `:now`."""
    return {":ver": session.ver, ":parent": session.rotation.parent, ":first": session.rotation.first}


def optional_session(item: Item | None) -> Session | None:
    return session_from(item) if item else None


def session_from(item: Item) -> Session:
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


def session_item(session: Session) -> Item:
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
