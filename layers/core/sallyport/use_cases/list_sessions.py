"""List where a user is logged in."""

from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.sessions.session import Session, SessionStore, is_live
from sallyport.sessions.strict import VerifiedClaims, check_strictly
from sallyport.values import dataclass, field

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A live session as its user sees it. Times in seconds; `last_used_at` is rounded down to the hour."""

    sid: str
    created_at: int
    last_used_at: int
    expires_at: int
    user_agent: str = field(repr=False)
    ip: str = field(repr=False)
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions:
    """Lists where a caller is logged in."""

    sessions: SessionStore
    clock: Clock

    def __call__(self, caller: VerifiedClaims) -> list[ListedSession]:
        """Return the live sessions of the caller, the last used first.

        The caller's own token is checked strictly. Raises TokenDead, Unavailable.
        """
        now = self.clock() // 1000
        _, user = check_strictly(caller, sessions=self.sessions, now=now)
        return live_sessions(user, self.sessions.of_user(user.user_id), current_sid=caller.sid, now=now)


def live_sessions(user: User, sessions: list[Session], *, current_sid: str, now: int) -> list[ListedSession]:
    """Return those sessions of a user that are live at `now` (seconds), the last used first."""
    live = [session for session in sessions if is_live(session, user, now=now)]
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
