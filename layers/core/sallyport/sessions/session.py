"""The session: what the table holds of one login on one device."""

from dataclasses import dataclass, field
from typing import Literal

from sallyport.accounts.user import User
from sallyport.sessions.rotation import Rotation

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


class RaceLost(Exception):
    """Somebody else wrote first. `current` is the session as he left it, None if it is gone."""

    def __init__(self, current: Session | None) -> None:
        self.current = current
        super().__init__("race lost")


def why_dead(session: Session | None, user: User | None, *, ver: int, now: int) -> str | None:
    """Say why a token of version `ver` has no living session behind it, or None if it has one.

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
