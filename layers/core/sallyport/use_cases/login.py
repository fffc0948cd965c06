"""POST /auth/login: a password for a session."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sallyport.accounts.password import NormalPassword, Passwords
from sallyport.accounts.user import Account, User
from sallyport.clock import Clock
from sallyport.errors import InvalidCredentials, Unavailable
from sallyport.identifiers import new_id
from sallyport.sessions.issue import IssuedTokens, TokenIssuer
from sallyport.sessions.rotation import opened
from sallyport.sessions.session import Mode, Session, why_dead
from sallyport.tokens.refresh import RefreshToken
from sallyport.trail import Trail

MAX_LIVE_SESSIONS = 100

_MOST_ENDED_AT_ONCE = 2
_FORGOTTEN_AT_ONCE = 25  # what DynamoDB deletes in one call
_ANY_SKEW_SECONDS = 3600


class AccountStore(Protocol):
    """Finds who wants to log in."""

    def find(self, email: str) -> Account | None:
        """Find the account of a canonical address. Makes the same calls whether there is one or not."""
        ...

    def replace_hash(self, account: Account, new_hash: str) -> bool:
        """Store a stronger hash of the same password, unless password or token version changed in between."""
        ...


class SessionStore(Protocol):
    """Keeps sessions."""

    def of_user(self, user_id: str) -> list[Session]: ...

    def create(self, session: Session) -> None: ...

    def forget(self, sessions: list[Session]) -> None:
        """Delete up to 25 sessions that are dead already."""
        ...


class SessionEnder(Protocol):
    """Revokes sessions."""

    def end(self, user_id: str, sid: str, *, now_ms: int, mode: Mode | None = None) -> bool:
        """Revoke a session, if it has this mode (None: any). False if there was nothing left to revoke."""
        ...


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions live, in seconds."""

    absolute: int
    idle: int


@dataclass(frozen=True, slots=True)
class Device:
    """Where a login comes from, as shown to the user in his list of sessions."""

    ip: str = field(repr=False)
    user_agent: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What a login answers: tokens for the session, and one that says that this device has logged in before."""

    tokens: IssuedTokens
    device_token: str = field(repr=False)
    trail: Trail


def login(
    email: str,
    password: NormalPassword,
    device: Device,
    *,
    mode: Mode,
    older: Sequence[RefreshToken],
    accounts: AccountStore,
    sessions: SessionStore,
    revocations: SessionEnder,
    passwords: Passwords,
    issuer: TokenIssuer,
    life: Lifetimes,
    clock: Clock,
) -> LoggedIn:
    """Open a session for whoever knows the password of `email`, a canonical address.

    Raises InvalidCredentials for an unknown address, a wrong password and a disabled user, after the same calls and
    the same hash. `older` are authentic tokens of sessions on this device that the new one takes the place of.
    """
    account = accounts.find(email)
    verdict = passwords.check(password, account.password_hash if account else None)
    if account is None or not verdict.matches or account.user.status != "active":
        raise InvalidCredentials
    also = []
    if verdict.outdated:
        try:
            accounts.replace_hash(account, passwords.hash(password))
        except Unavailable:  # the password is right; the next login tries again
            also.append("not_rehashed")

    now_ms = clock()
    now = now_ms // 1000
    signer = issuer.signer()
    session = _open_session(account.user, device, mode, life, now_ms)
    others = sessions.of_user(session.user_id)
    for token in older:
        revocations.end(token.sub, token.sid, now_ms=now_ms, mode=mode)
    sessions.create(session)
    try:
        _make_room(account.user, others, sessions, revocations, now_ms)
    except Unavailable:  # the session stands; the next login makes room
        also.append("no_room_made")
    return LoggedIn(
        signer.issue(session, 1, now=now),
        signer.issue_device_token(account.user, now=now),
        Trail(session.sid, tuple(also)),
    )


def _open_session(user: User, device: Device, mode: Mode, life: Lifetimes, now_ms: int) -> Session:
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


def _make_room(
    user: User, others: list[Session], sessions: SessionStore, revocations: SessionEnder, now_ms: int
) -> None:
    """Let the oldest live sessions go, so that no user keeps more than a hundred, and clear away long dead ones.

    A few at a time: parallel logins may overshoot for a moment, but no login ever pays for all of them.
    """
    now = now_ms // 1000
    live = [s for s in others if why_dead(s, user, ver=s.ver, now=now) is None]
    live.sort(key=lambda session: session.created_at)
    surplus = len(live) + 1 - MAX_LIVE_SESSIONS
    for oldest in live[: min(max(surplus, 0), _MOST_ENDED_AT_ONCE)]:
        revocations.end(user.user_id, oldest.sid, now_ms=now_ms)
    forgettable = [s for s in others if _is_long_dead(s, user, now)]
    if len(forgettable) >= _FORGOTTEN_AT_ONCE:
        sessions.forget(forgettable[:_FORGOTTEN_AT_ONCE])


def _is_long_dead(session: Session, user: User, now: int) -> bool:
    """Tell whether a session is dead by every clock. One of a *newer* version than we have read may be alive."""
    return (
        session.revoked_at is not None or session.ver < user.token_version or session.ends_at < now - _ANY_SKEW_SECONDS
    )
