"""GET /auth/sessions: where a user is logged in."""

from dataclasses import dataclass, field
from typing import Protocol

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.errors import InvalidToken
from sallyport.sessions.session import Session, why_dead

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A live session as its user sees it. Times in seconds; `last_used_at` to the hour: nobody needs a finer trace."""

    sid: str
    created_at: int
    last_used_at: int
    expires_at: int
    user_agent: str = field(repr=False)
    ip: str = field(repr=False)
    current: bool


class UserReads(Protocol):
    """Reads users."""

    def get(self, user_id: str) -> User | None: ...


class SessionReads(Protocol):
    """Reads sessions."""

    def of_user(self, user_id: str) -> list[Session]: ...


def list_sessions(
    user_id: str, current_sid: str, *, users: UserReads, sessions: SessionReads, clock: Clock
) -> list[ListedSession]:
    """List a user's live sessions, the last used first. Raises InvalidToken if there is no such user any more."""
    user = users.get(user_id)
    if user is None:
        raise InvalidToken("user")
    now = clock() // 1000
    live = [s for s in sessions.of_user(user_id) if why_dead(s, user, ver=s.ver, now=now) is None]
    live.sort(key=lambda session: (-session.last_used_at, session.sid))
    return [_listed(session, current_sid) for session in live]


def _listed(session: Session, current_sid: str) -> ListedSession:
    return ListedSession(
        sid=session.sid,
        created_at=session.created_at,
        last_used_at=session.last_used_at - session.last_used_at % _HOUR,
        expires_at=session.expires_at,
        user_agent=session.user_agent,
        ip=session.ip,
        current=session.sid == current_sid,
    )
