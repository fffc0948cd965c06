"""What Sallyport promises about sessions, said once more and as simply as possible (docs/refresh.md).

Written from the table and not from the code, which keeps four numbers where this keeps a set. One request at a time:
what parallel requests do to each other is tests/races.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

SECOND = 1000
LEEWAY = 60 * SECOND
ACCESS_TOKEN = 600 * SECOND
IDLE = 10 * 86_400 * SECOND
ABSOLUTE = 30 * 86_400 * SECOND
CLOCK_LEEWAY = 30 * SECOND

OK, REFUSED, SUPERSEDED, BROKEN = "ok", "invalid_grant", "superseded", "service_unavailable"

_T = TypeVar("_T")


class Broken(Exception):
    """The request cannot be answered, and the client is asked to come back."""


class Fault(Enum):
    """What may go wrong between a function and its table while it serves one request."""

    NONE = auto()
    NO_READ = auto()
    WRITE_REFUSED = auto()
    ANSWER_LOST = auto()  # the write is made, and nobody is told

    def read(self) -> None:
        if self is Fault.NO_READ:
            raise Broken

    def write(self, change: Callable[[], _T]) -> _T:
        if self is Fault.WRITE_REFUSED:
            raise Broken
        changed = change()
        if self is Fault.ANSWER_LOST:
            raise Broken
        return changed


@dataclass(eq=False)
class ModelUser:
    version: int = 1

    def raise_version(self) -> "Expected":
        self.version += 1
        return Expected(OK)


@dataclass(eq=False)
class ModelSession:
    """All times in milliseconds; those that the tokens and the table hold in seconds are whole ones."""

    user: ModelUser
    version: int
    opened_at: int
    moved_at: int
    end: int
    idle_end: int
    floor: int = 0
    parent: int = 0
    newest: int = 1
    ended: bool = False

    def __post_init__(self) -> None:
        self.candidates = {self.newest}

    def issue(self, now: int) -> "Expected":
        """Answer a generation that nobody has been given."""
        self.newest += 1
        self.candidates.add(self.newest)
        self.idle_end = min(whole_seconds(now) + IDLE, self.end)
        return Expected(OK, self.newest)

    def use(self, gen: int, now: int) -> "Expected":
        self.floor, self.parent = self.parent, gen
        self.candidates.clear()
        self.moved_at = now
        return self.issue(now)

    def revoke(self) -> "Expected":
        self.ended = True
        return Expected(REFUSED)

    def restart(self, now: int) -> "Expected":
        """Come back from a raised version, alone, with one token that nobody has been given."""
        idle_end = self.idle_end
        self.user.version += 1
        self.version = self.user.version
        self.parent = self.newest
        expected = self.use(self.newest, now)
        self.idle_end = idle_end
        return expected


@dataclass(frozen=True, eq=False)
class ModelToken:
    """A pair of tokens: a refresh token of generation `gen`, and the access token that came with it.

    No refresh token says that it is older than its session, whatever clock it was issued by.
    """

    session: ModelSession
    gen: int
    version: int
    issued_at: int
    access_end: int


@dataclass(frozen=True)
class Expected:
    """What the service must answer; `gen` is the generation, if it answers tokens."""

    code: str
    gen: int | None = None


class Model:
    """Every request changes the model as it must change the service, and answers what that must answer.

    Raises Broken where the service must answer 503.
    """

    def log_in(self, user: ModelUser, fault: Fault, now: int) -> ModelSession:
        fault.read()
        started = whole_seconds(now)
        return fault.write(lambda: ModelSession(user, user.version, started, now, started + ABSOLUTE, started + IDLE))

    def refresh(self, token: ModelToken, fault: Fault, now: int) -> Expected:
        session, gen = token.session, token.gen
        if not is_its_time(max(token.issued_at, session.opened_at), session.end, now):
            return Expected(REFUSED)
        fault.read()
        if not is_alive(token, now):
            return Expected(REFUSED)
        quiet = abs(now - session.moved_at) < LEEWAY
        if gen in session.candidates:
            return Expected(OK, gen) if quiet else fault.write(lambda: session.use(gen, now))
        if gen == session.parent:
            return fault.write(lambda: session.issue(now))
        if quiet and gen >= session.floor:
            return Expected(SUPERSEDED)
        return fault.write(session.revoke)

    def log_out(self, token: ModelToken, fault: Fault, now: int, *, everywhere: bool) -> Expected:
        session = token.session
        if not is_its_time(max(token.issued_at, session.opened_at), session.end, now):
            return Expected(OK)
        if everywhere:
            fault.read()
            is_known = token.gen == session.parent or token.gen in session.candidates
            if is_known and is_alive(token, now):
                return fault.write(session.user.raise_version)
        fault.write(session.revoke)
        return Expected(OK)

    def change_password(self, token: ModelToken, fault: Fault, now: int) -> Expected:
        """By the access token of a pair."""
        if not is_its_time(token.issued_at, token.access_end, now):
            return Expected(REFUSED)
        fault.read()
        if not is_alive(token, now):
            return Expected(REFUSED)
        return fault.write(lambda: token.session.restart(now))

    def authorizes(self, token: ModelToken, now: int) -> bool:
        return is_its_time(token.issued_at, token.access_end, now) and is_alive(token, now)


def issued(session: ModelSession, gen: int, now: int) -> ModelToken:
    """Describe the pair that an answer carries."""
    access_end = min(whole_seconds(now) + ACCESS_TOKEN, session.end, session.idle_end)
    return ModelToken(session, gen, session.version, whole_seconds(now), access_end)


def is_its_time(issued_at: int, end: int, now: int) -> bool:
    """Tell whether a token is good by its own dates. It may come from a clock that is a little ahead of ours."""
    return issued_at <= whole_seconds(now) + CLOCK_LEEWAY and now < end


def is_alive(token: ModelToken, now: int) -> bool:
    session = token.session
    return (
        not session.ended
        and token.version == session.version == session.user.version
        and now < min(session.end, session.idle_end)
    )


def whole_seconds(milliseconds: int) -> int:
    return milliseconds // SECOND * SECOND
