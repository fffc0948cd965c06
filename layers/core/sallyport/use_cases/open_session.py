"""Open a session for a user who has been authenticated, however that was."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from sallyport.accounts.guesses import Admission
from sallyport.accounts.user import User
from sallyport.clock import Clock
from sallyport.errors import InvalidToken, Unavailable
from sallyport.identifiers import new_id
from sallyport.sessions.issue import IssuedTokens, TokenIssuer
from sallyport.sessions.opening import OpeningStore
from sallyport.sessions.rotation import opened
from sallyport.sessions.session import Device, Mode, Session, SessionStore, is_live
from sallyport.tokens.refresh import RefreshToken, RefreshTokenVerifier
from sallyport.trail import Note, Trail
from sallyport.values import dataclass, field

MAX_LIVE_SESSIONS = 100


class UserMoved(Exception):
    """The user is no longer as they were when they were authenticated: disabled, of a newer version, about to leave."""


_MOST_CROWDED_OUT_AT_ONCE = 100
_FORGOTTEN_AT_ONCE = 25  # one call to the store
_ANY_SKEW_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live, in seconds."""

    absolute: int
    idle: int


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The tokens of a new session, and one by which login knows this device again."""

    tokens: IssuedTokens
    device_token: str = field(repr=False)
    trail: Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Opens sessions, and keeps their number per user in bounds."""

    sessions: SessionStore
    openings: OpeningStore
    verifier: RefreshTokenVerifier
    issuer: TokenIssuer
    life: Lifetimes
    clock: Clock

    def __call__(
        self, user: User, device: Device, mode: Mode, admission: Admission, *, replaces: Iterable[str] = ()
    ) -> LoggedIn:
        """Create a session and return its first tokens.

        `replaces` are refresh tokens, not verified, of sessions on this device. They end after the new one exists, so
        that a failure never logs the user out; one that is not authentic counts as absent.

        Raises UserMoved, TooManyAttempts and Unavailable if there is no new session.
        """
        now_ms = self.clock()
        signer = self.issuer.signer()
        older = list(self._authentic(replaces, now_ms // 1000))
        session = _new_session(user, device, mode, self.life, now_ms)
        others = self.sessions.of_user(user.user_id)
        if not self.openings.open(session, admission):
            raise UserMoved
        also = [
            *_attempted("older_not_ended", lambda: self._retire(older, mode, now_ms // 1000)),
            *_attempted("no_room_made", lambda: self._make_room(user, others, now_ms // 1000)),
        ]
        return LoggedIn(
            signer.issue(session, 1, now=now_ms // 1000),
            signer.devices.issue(user.user_id, user.token_version, now=now_ms // 1000),
            Trail(session.sid, tuple(also)),
        )

    def _authentic(self, unverified_tokens: Iterable[str], now: int) -> Iterator[RefreshToken]:
        for token in unverified_tokens:
            with suppress(InvalidToken):
                yield self.verifier.verify(token, now=now)

    def _retire(self, older: Sequence[RefreshToken], mode: Mode, now: int) -> None:
        for token in older:
            self.openings.retire(token.sub, token.sid, mode=mode, now=now)

    def _make_room(self, user: User, others: list[Session], now: int) -> None:
        """Delete the oldest live sessions, so that no user keeps more than a hundred, and long dead ones.

        Parallel logins that have read the same sessions all delete the same ones, so some more may live for a moment.
        The next login then deletes as many.
        """
        live = [session for session in others if is_live(session, user, now=now)]
        live.sort(key=lambda session: session.created_at)
        surplus = max(0, len(live) + 1 - MAX_LIVE_SESSIONS)
        crowded_out = live[: min(surplus, _MOST_CROWDED_OUT_AT_ONCE)]
        long_dead = [session for session in others if _is_long_dead(session, user, now)]
        if crowded_out or len(long_dead) >= _FORGOTTEN_AT_ONCE:
            self.sessions.forget([*crowded_out, *long_dead][: max(len(crowded_out), _FORGOTTEN_AT_ONCE)])


def _attempted(word: Note, act: Callable[[], None]) -> tuple[Note, ...]:
    """Do what the new session does not depend on. Return `word` for the trail if infrastructure failed."""
    try:
        act()
    except Unavailable:
        return (word,)
    return ()


def _new_session(user: User, device: Device, mode: Mode, life: Lifetimes, now_ms: int) -> Session:
    now = now_ms // 1000
    return Session(
        sid=new_id(),
        user_id=user.user_id,
        mode=mode,
        rotation=opened(now_ms),
        ver=user.token_version,
        created_at=now,
        auth_time=now,
        last_used_at=now,
        expires_at=now + life.absolute,
        idle_expires_at=now + min(life.idle, life.absolute),
        user_agent=device.user_agent,
        ip=device.ip,
    )


def _is_long_dead(session: Session, user: User, now: int) -> bool:
    """Tell whether a session is dead by every clock. One of a *newer* version than we have read may be alive."""
    return (
        session.revoked_at is not None or session.ver < user.token_version or session.ends_at < now - _ANY_SKEW_SECONDS
    )
