"""The session: what the table holds of one login on one device."""

from typing import Literal, Protocol

from sallyport.accounts.user import User
from sallyport.errors import TokenDead, WhyDead
from sallyport.sessions.rotation import Rotation
from sallyport.values import dataclass, field

Mode = Literal["body", "cookie"]


@dataclass(frozen=True, slots=True)
class Session:
    """One login on one device. Times in seconds since the epoch, but for `rotation.rotated_at`.

    `expires_at` is the absolute end, which nothing moves; `idle_expires_at` moves with use and never passes it.
    """

    sid: str
    user_id: str
    mode: Mode
    rotation: Rotation
    ver: int
    created_at: int
    auth_time: int
    last_used_at: int
    expires_at: int
    idle_expires_at: int
    user_agent: str = field(repr=False)
    ip: str = field(repr=False)
    revoked_at: int | None = None

    @property
    def ends_at(self) -> int:
        """The sooner of the absolute and the idle end."""
        return min(self.expires_at, self.idle_expires_at)


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request comes from, as the user is shown it in the list of their sessions and in notices."""

    ip: str = field(repr=False)
    user_agent: str = field(repr=False)


class RaceLost(Exception):
    """Another request wrote first. `current` is the session as that left it, None if it is gone."""

    def __init__(self, current: Session | None) -> None:
        self.current = current
        super().__init__("race lost")


class SessionStore(Protocol):
    """Stores sessions. Every read is consistent; every method raises Unavailable if infrastructure fails.

    `rotate` and `recover` are one conditional write each: the session exists, is not revoked, not past its ends, and
    `ver`, `parent` and `first` are as read; else they raise RaceLost. `head` is not among the conditions: it grows by
    an expression, so that parallel recoveries do not conflict.
    """

    def load(self, user_id: str, sid: str) -> tuple[User | None, Session | None]:
        """Read a user and one session of theirs in one call."""
        ...

    def load_all(self, user_id: str, sid: str, jti: str) -> tuple[User | None, Session | None, bool]:
        """Read the user, the session and whether the access token `jti` is revoked, in one call."""
        ...

    def of_user(self, user_id: str) -> list[Session]:
        """Read all sessions of a user, dead ones included."""
        ...

    def rotate(self, session: Session, gen: int, *, now_ms: int, idle_expires_at: int) -> Session:
        """Use candidate `gen`, and return the session as it is now."""
        ...

    def recover(self, session: Session, *, now_ms: int, idle_expires_at: int) -> Session:
        """Issue one more sibling, and return the session as it is now."""
        ...

    def forget(self, sessions: list[Session]) -> None:
        """Delete sessions, 25 a call. Live ones end by that."""
        ...

    def forget_all(self, user_id: str) -> int:
        """Delete every session of a user, and return how many there were."""
        ...


def why_dead(session: Session | None, user: User | None, *, ver: int, now: int) -> WhyDead | None:
    """Return why a token of version `ver` has no live session at `now` (seconds), or None if it has one.

    The ends hold to the second, whatever the table's TTL has or has not deleted yet.
    """
    if user is None or user.status != "active":
        return "user"
    if session is None:
        return "session"
    if session.revoked_at is not None:
        return "revoked"
    if not ver == session.ver == user.token_version:
        return "ver"
    if now >= session.ends_at:
        return "expired"
    return None


def is_live(session: Session, user: User, *, now: int) -> bool:
    """Tell whether a session of a user is live at `now` (seconds)."""
    return why_dead(session, user, ver=session.ver, now=now) is None


def require_live(session: Session | None, user: User | None, *, ver: int, now: int) -> tuple[Session, User]:
    """Return the live session behind a token of version `ver`, and its user. Raises TokenDead if there is none."""
    dead = why_dead(session, user, ver=ver, now=now)
    if dead is not None or session is None or user is None:  # the last two for mypy
        raise TokenDead(dead or "session")
    return session, user
