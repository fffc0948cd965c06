"""Values for tests. Every builder has defaults, so that a test names only what it is about."""

import secrets
from dataclasses import replace
from typing import Any

from sallyport.accounts.hashing import Parameters, Passwords
from sallyport.accounts.user import User
from sallyport.audit import Action, AuditEntry, by_operator
from sallyport.identifiers import new_id
from sallyport.sessions.rotation import Rotation, opened
from sallyport.sessions.session import Session
from sallyport.tokens.access import AccessToken

SECOND = 1000
MINUTE = 60 * SECOND
DAY = 86_400

NOW = 1_800_000_000
"""The time of most tests, in seconds."""

WEAK_PASSWORDS = Passwords(Parameters(memory_kib=8, time_cost=1))
"""Argon2 for tests that are not about Argon2."""


def a_user(**changes: Any) -> User:
    user_id = new_id()
    user = User(
        user_id=user_id,
        email=f"{user_id.lower().strip('-_')}@example.com",
        token_version=1,
        status="active",
        roles=("reader", "writer"),
        created_at=NOW,
    )
    return replace(user, **changes)


def a_session(user: User | None = None, **changes: Any) -> Session:
    session = Session(
        sid=new_id(),
        user_id=user.user_id if user else new_id(),
        mode="body",
        rotation=opened(NOW * SECOND),
        ver=user.token_version if user else 1,
        created_at=NOW,
        auth_time=NOW,
        last_used_at=NOW,
        expires_at=NOW + 30 * DAY,
        idle_expires_at=NOW + 10 * DAY,
        user_agent="a browser",
        ip="192.0.2.1",
    )
    return replace(session, **changes)


def an_audit(
    about: User | str, at_ms: int = NOW * SECOND, action: Action = "password.set", **changes: Any
) -> AuditEntry:
    """Return what a store keeps beside a change, where a test is not about that."""
    user_id = about if isinstance(about, str) else about.user_id
    return replace(AuditEntry(user_id, action, at_ms, by_operator("a-test")), **changes)


def a_token(sid: str = "sid", sub: str = "sub", ver: int = 1) -> AccessToken:
    return AccessToken(
        iss="i", sub=sub, aud="a", client_id="c", iat=NOW, exp=NOW + 600, jti=new_id(), sid=sid, ver=ver, auth_time=NOW
    )


def a_rotation(**changes: int) -> Rotation:
    return replace(Rotation(floor=1, parent=2, first=3, head=3, rotated_at=0), **changes)


def an_ip() -> str:
    """Return a network of a client's own: buckets count /64 of IPv6."""
    return f"2001:db8:{secrets.randbelow(1 << 16):x}:{secrets.randbelow(1 << 16):x}::1"
