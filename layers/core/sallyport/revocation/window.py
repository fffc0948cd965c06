"""`bounded`: what an environment knows of revocations, and when it must ask again.

An environment is frozen between requests, so it asks inside a request, before the answer, by the wall clock. It asks
for what was written since 90 s before its last successful poll began, by its own clock: that covers skew between clocks
and commits that took long. A timestamp that it has read is never a cursor.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sallyport.clock import Clock
from sallyport.errors import InvalidToken, Unavailable
from sallyport.revocation.entries import Entry, SessionRevoked, TokenRevoked, UserRevoked
from sallyport.tokens.access import AccessToken

OVERLAP_MS = 90_000
PAUSE_MS = 1000
"""Between a poll that failed and the next."""

_TIDYING_MS = 60_000


class EntryReads(Protocol):
    """Reads revocation entries."""

    def since(self, start_ms: int) -> Iterable[Entry]:
        """Read, consistently, all that was written since: every shard, every page. Raises Unavailable."""
        ...


class RoleCache(Protocol):
    """What must be read again when something happens to a user."""

    def forget(self, user_id: str) -> None: ...

    def forget_all(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to ask, how long to go on without an answer, how far back to look. In milliseconds."""

    poll: int
    max_staleness: int
    retention: int


class Window:
    """The revocations of the last `retention`, as one environment knows them. Serves one request at a time."""

    def __init__(self, entries: EntryReads, pace: Pace, clock: Clock, roles: RoleCache) -> None:
        self._entries = entries
        self._roles = roles
        self._pace = pace
        self._clock = clock
        self._tokens: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._users: dict[str, tuple[int, int]] = {}
        self._seen_at = 0  # the clock at the last request
        self._asked_at = 0  # when the last poll began
        self._asked_in_vain = False
        self._fresh_at: int | None = None  # when the last successful poll began
        self._tidied_at = 0

    def require_live(self, token: AccessToken) -> None:
        """Raise InvalidToken if the token is known to be revoked, Unavailable if too little is known to say."""
        self._keep_fresh(self._clock())
        if token.jti in self._tokens:
            raise InvalidToken("jti")
        if token.sid in self._sessions:
            raise InvalidToken("revoked")
        user = self._users.get(token.sub)
        if user is not None and token.ver < user[0]:
            raise InvalidToken("ver")

    def _keep_fresh(self, now: int) -> None:
        if self._has_jumped(now):
            self._fresh_at, self._asked_in_vain, self._tidied_at = None, False, 0
        self._seen_at = now
        if self._is_due(now):
            self._ask(now)
        if self._fresh_at is None or now - self._fresh_at > self._pace.max_staleness:
            raise Unavailable("revocations unknown")

    def _has_jumped(self, now: int) -> bool:
        """Tell whether the clock went back, or so far ahead that what is known no longer joins what can be read."""
        return now < self._seen_at or (self._fresh_at is not None and now - self._fresh_at > self._pace.retention)

    def _is_due(self, now: int) -> bool:
        if self._asked_in_vain:
            return now - self._asked_at >= PAUSE_MS
        return self._fresh_at is None or now - self._asked_at >= self._pace.poll

    def _ask(self, now: int) -> None:
        self._asked_at = now
        start = now - self._pace.retention if self._fresh_at is None else self._fresh_at - OVERLAP_MS
        try:
            entries = list(self._entries.since(start))
        except Unavailable:
            self._asked_in_vain = True
            return
        if self._fresh_at is None:
            self._roles.forget_all()  # of what was changed longer ago than the retention, nobody tells
        for entry in entries:
            self._merge(entry)
        self._fresh_at, self._asked_in_vain = now, False
        self._tidy(now)

    def _merge(self, entry: Entry) -> None:
        """Learn of a revocation, perhaps again: of a user the highest version counts."""
        match entry.revoked:
            case TokenRevoked(jti):
                self._tokens[jti] = max(entry.expires_at, self._tokens.get(jti, 0))
            case SessionRevoked(sid):
                self._sessions[sid] = max(entry.expires_at, self._sessions.get(sid, 0))
            case UserRevoked(sub, ver):
                self._roles.forget(sub)
                known_ver, known_end = self._users.get(sub, (0, 0))
                self._users[sub] = max(ver, known_ver), max(entry.expires_at, known_end)

    def _tidy(self, now: int) -> None:
        """Forget, once a minute, what no token can outlive."""
        if now - self._tidied_at < _TIDYING_MS:
            return
        self._tidied_at = now
        second = now // 1000
        self._tokens = {jti: end for jti, end in self._tokens.items() if end > second}
        self._sessions = {sid: end for sid, end in self._sessions.items() if end > second}
        self._users = {sub: (ver, end) for sub, (ver, end) in self._users.items() if end > second}
