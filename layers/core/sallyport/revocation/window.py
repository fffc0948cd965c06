"""`bounded`: what an execution environment knows of revocations, and when it must read again.

Lambda freezes an environment between requests, so it polls inside a request, before it answers, by the wall clock. A
poll reads what was written since 90 s before the last successful poll began, by this environment's own clock: that
covers skew between clocks and commits that took long. A timestamp that was read is never used as a cursor.
"""

from sallyport.clock import Clock
from sallyport.errors import TokenDead, Unavailable
from sallyport.revocation.entries import Entry, EntryStore, SessionRevoked, TokenRevoked, UserChanged, UserDeleted
from sallyport.revocation.roles import KnownRoles, NoRoles
from sallyport.tokens.access import AccessToken
from sallyport.tokens.claims import MAX_INTEGER
from sallyport.values import dataclass

OVERLAP_MS = 90_000
PAUSE_MS = 1000
"""Between a poll that failed and the next."""

_TIDYING_MS = 60_000
_EVERY_VERSION = MAX_INTEGER + 1  # above every `ver` that a token can carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to poll, how long to go on while polls fail, how far back to read. In milliseconds."""

    poll: int
    max_staleness: int
    retention: int


class Window:
    """The revocations of the last `retention` as one execution environment knows them. Serves one request at a time."""

    def __init__(self, entries: EntryStore, pace: Pace, clock: Clock, roles: KnownRoles | NoRoles) -> None:
        self._entries = entries
        self._roles = roles
        self._pace = pace
        self._clock = clock
        self._tokens: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._users: dict[str, tuple[int, int]] = {}
        self._seen_at = 0  # the clock at the last request
        self._polled_at = 0  # when the last poll began
        self._poll_failed = False
        self._fresh_at: int | None = None  # when the last successful poll began
        self._tidied_at = 0

    def require_live(self, token: AccessToken) -> None:
        """Raise TokenDead if the token is known to be revoked, Unavailable if too little is known to say."""
        self._keep_fresh(self._clock())
        if token.jti in self._tokens:
            raise TokenDead("jti")
        if token.sid in self._sessions:
            raise TokenDead("revoked")
        user = self._users.get(token.sub)
        if user is not None and token.ver < user[0]:
            raise TokenDead("ver")

    def _keep_fresh(self, now: int) -> None:
        if self._has_jumped(now):
            self._fresh_at, self._poll_failed, self._tidied_at = None, False, 0
        self._seen_at = now
        if self._is_due(now):
            self._poll(now)
        if self._fresh_at is None or now - self._fresh_at > self._pace.max_staleness:
            raise Unavailable("revocations unknown")

    def _has_jumped(self, now: int) -> bool:
        """Tell whether the clock went back, or so far ahead that what is known no longer joins what can be read."""
        return now < self._seen_at or (self._fresh_at is not None and now - self._fresh_at > self._pace.retention)

    def _is_due(self, now: int) -> bool:
        if self._poll_failed:
            return now - self._polled_at >= PAUSE_MS
        return self._fresh_at is None or now - self._polled_at >= self._pace.poll

    def _poll(self, now: int) -> None:
        self._polled_at = now
        start = now - self._pace.retention if self._fresh_at is None else self._fresh_at - OVERLAP_MS
        try:
            entries = list(self._entries.since(start))
        except Unavailable:
            self._poll_failed = True
            return
        if self._fresh_at is None:
            self._roles.forget_all()  # entries about older changes are gone
        for entry in entries:
            self._merge(entry)
        self._fresh_at, self._poll_failed = now, False
        self._tidy(now)

    def _merge(self, entry: Entry) -> None:
        """Note a revocation, perhaps for the second time. Of a user the highest version counts."""
        match entry.revoked:
            case TokenRevoked(jti):
                self._tokens[jti] = max(entry.expires_at, self._tokens.get(jti, 0))
            case SessionRevoked(sid):
                self._sessions[sid] = max(entry.expires_at, self._sessions.get(sid, 0))
            case UserChanged(sub, ver):
                self._merge_user(sub, ver, entry.expires_at)
            case UserDeleted(sub):
                self._merge_user(sub, _EVERY_VERSION, entry.expires_at)

    def _merge_user(self, sub: str, ver: int, expires_at: int) -> None:
        self._roles.forget(sub)
        known_ver, known_end = self._users.get(sub, (0, 0))
        self._users[sub] = max(ver, known_ver), max(expires_at, known_end)

    def _tidy(self, now: int) -> None:
        """Forget, once a minute, what can concern no live token any more."""
        if now - self._tidied_at < _TIDYING_MS:
            return
        self._tidied_at = now
        second = now // 1000
        self._tokens = {jti: end for jti, end in self._tokens.items() if end > second}
        self._sessions = {sid: end for sid, end in self._sessions.items() if end > second}
        self._users = {sub: (ver, end) for sub, (ver, end) in self._users.items() if end > second}
