"""Stores in memory, which pass the same contract suite as the real ones (tests/contract), and a log in memory."""

import threading
from dataclasses import dataclass, field, replace
from math import ceil

from sallyport.accounts.guesses import MOST_FAILURES, Admission, seconds_to_wait
from sallyport.accounts.letter import Letter
from sallyport.accounts.mail_request import Queued
from sallyport.accounts.one_time_token import MAX_TRIES, EmailChange, OneTimeToken, Purpose, Reset
from sallyport.accounts.throttle import CODES_OF_MAILBOX, LOGIN_SCOPE, Allowance, Bucket, key_of_address
from sallyport.accounts.user import Account, Found, User
from sallyport.audit import AuditEntry, Cause
from sallyport.errors import TooManyAttempts
from sallyport.keys.life_cycle import Use
from sallyport.keys.store import RingChange, StoredRing
from sallyport.revocation.entries import Revoked, SessionRevoked, TokenRevoked, UserChanged, UserDeleted
from sallyport.sessions.rotation import Rotation, recover, reopen, rotate
from sallyport.sessions.session import Mode, RaceLost, Session
from sallyport.telemetry import Answered


@dataclass
class Memory:
    """What the fakes share: the table."""

    users: dict[str, User] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    sessions: dict[tuple[str, str], Session] = field(default_factory=dict)
    revoked_tokens: set[str] = field(default_factory=set)
    entries: list[Revoked] = field(default_factory=list)
    audited: list[AuditEntry] = field(default_factory=list)
    leaving: dict[str, int] = field(default_factory=dict)
    buckets: dict[tuple[str, str], int] = field(default_factory=dict)
    failures: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    guesses: dict[str, tuple[int, int]] = field(default_factory=dict)
    tokens: dict[tuple[str, str], OneTimeToken] = field(default_factory=dict)
    tries: dict[tuple[str, str], int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


class FakeAccounts:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def find(self, email: str) -> Found:
        user = self.named(email)
        account = Account(user, self._memory.hashes.get(user.user_id)) if user else None
        return Found(account, self._memory.buckets.get((key_of_address(email), LOGIN_SCOPE), 0))

    def get(self, user_id: str) -> User | None:
        return self._memory.users.get(user_id)

    def of_user(self, user_id: str) -> Account | None:
        user = self._memory.users.get(user_id)
        return Account(user, self._memory.hashes.get(user_id)) if user else None

    def named(self, email: str) -> User | None:
        return next((user for user in self._memory.users.values() if user.email == email), None)

    def create(self, user: User, password_hash: str, audit: AuditEntry) -> bool:
        with self._memory.lock:
            if self.named(user.email) or user.user_id in self._memory.users:
                return False
            self._memory.users[user.user_id] = user
            self._memory.hashes[user.user_id] = password_hash
            self._memory.audited.append(audit)
            return True

    def enable(self, user: User, audit: AuditEntry) -> bool:
        with self._memory.lock:
            current = self._memory.users.get(user.user_id)
            if current is None or current.status != "disabled":
                return False
            self._memory.users[user.user_id] = replace(current, status="active")
            self._memory.audited.append(audit)
            return True

    def page(self, limit: int, *, after: str | None = None) -> tuple[list[User], str | None]:
        users = list(self._memory.users.values())
        begin = [user.user_id for user in users].index(after) + 1 if after else 0
        shown = users[begin : begin + limit]
        return shown, shown[-1].user_id if len(users) > begin + limit else None

    def replace_hash(self, account: Account, new_hash: str) -> bool:
        with self._memory.lock:
            user = self._memory.users.get(account.user.user_id)
            is_same = user is not None and user.token_version == account.user.token_version
            if user is None or not is_same or self._memory.hashes[user.user_id] != account.password_hash:
                return False
            self._memory.hashes[user.user_id] = new_hash
            return True

    def disable(self, user: User, audit: AuditEntry) -> bool:
        with self._memory.lock:
            ver = user.token_version
            current = at_version(self._memory, user.user_id, ver)
            if current is None or current.status != "active":
                return False
            return store(self._memory, replace(current, status="disabled", token_version=ver + 1), ver + 1, audit)

    def change_roles(self, user: User, roles: tuple[str, ...], audit: AuditEntry) -> bool:
        with self._memory.lock:
            current = at_version(self._memory, user.user_id, user.token_version)
            if current is None or current.roles != user.roles or roles == user.roles:
                return False
            return store(self._memory, replace(current, roles=roles), user.token_version, audit)

    def begin_leaving(self, user: User, *, now: int) -> bool:
        with self._memory.lock:
            if not is_as_read(self._memory, user):
                return False
            self._memory.leaving[user.user_id] = now
            return True

    def delete(self, user: User, audit: AuditEntry, *, sid: str | None = None) -> bool:
        with self._memory.lock:
            if not is_as_read(self._memory, user):
                return False
            del self._memory.users[user.user_id]
            self._memory.hashes.pop(user.user_id, None)
            if sid is not None:
                self._memory.sessions.pop((user.user_id, sid), None)
            for counted in (self._memory.buckets, self._memory.failures):
                for key in [key for key in counted if key[0] == key_of_address(user.email)]:
                    del counted[key]
            self._memory.guesses.pop(key_of_address(user.email), None)
            self._memory.entries.append(UserDeleted(user.user_id))
            self._memory.audited.append(audit)
            return True

    def set_password(self, user: User, new_hash: str, audit: AuditEntry) -> bool:
        with self._memory.lock:
            if not raise_version(self._memory, user.user_id, user.token_version, audit):
                return False
            self._memory.hashes[user.user_id] = new_hash
            self._memory.guesses.pop(key_of_address(user.email), None)
            return True

    def change_password(self, account: Account, sid: str, new_hash: str, audit: AuditEntry) -> Session | None:
        user_id, ver, now_ms = account.user.user_id, account.user.token_version, audit.at_ms
        with self._memory.lock:
            session = self._memory.sessions.get((user_id, sid))
            if (
                session is None
                or session.revoked_at is not None
                or session.ends_at <= now_ms // 1000
                or session.ver != ver
                or self._memory.hashes.get(user_id) != account.password_hash
                or not raise_version(self._memory, user_id, ver, audit)
            ):
                return None
            self._memory.hashes[user_id] = new_hash
            reopened = replace(session, ver=ver + 1, rotation=reopen(session.rotation, now_ms))
            self._memory.sessions[user_id, sid] = reopened
            return reopened


class FakeSessions:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def load(self, user_id: str, sid: str) -> tuple[User | None, Session | None]:
        return self._memory.users.get(user_id), self._memory.sessions.get((user_id, sid))

    def load_all(self, user_id: str, sid: str, jti: str) -> tuple[User | None, Session | None, bool]:
        return (*self.load(user_id, sid), jti in self._memory.revoked_tokens)

    def of_user(self, user_id: str) -> list[Session]:
        return [session for (owner, _), session in self._memory.sessions.items() if owner == user_id]

    def forget(self, sessions: list[Session]) -> None:
        for session in sessions:
            self._memory.sessions.pop((session.user_id, session.sid), None)

    def forget_all(self, user_id: str) -> int:
        theirs = self.of_user(user_id)
        self.forget(theirs)
        return len(theirs)

    def rotate(self, session: Session, gen: int, *, now_ms: int, idle_expires_at: int) -> Session:
        with self._memory.lock:
            current = require_as_read(self._memory, session, now_ms)
            return self._store(current, rotate(current.rotation, gen, now_ms), now_ms, idle_expires_at)

    def recover(self, session: Session, *, now_ms: int, idle_expires_at: int) -> Session:
        with self._memory.lock:
            current = require_as_read(self._memory, session, now_ms)
            return self._store(current, recover(current.rotation), now_ms, idle_expires_at)

    def _store(self, current: Session, rotation: Rotation, now_ms: int, idle_expires_at: int) -> Session:
        moved = replace(
            current,
            rotation=rotation,
            last_used_at=now_ms // 1000,
            idle_expires_at=idle_expires_at,
        )
        self._memory.sessions[moved.user_id, moved.sid] = moved
        return moved


class FakeOpenings:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def open(self, session: Session, admission: Admission) -> bool:
        with self._memory.lock:
            user = at_version(self._memory, session.user_id, session.ver)
            if user is None or user.status != "active" or is_leaving(self._memory, user.user_id, session.created_at):
                return False
            throttle, now_ms = FakeThrottle(self._memory), session.rotation.rotated_at
            if wait := throttle.take(admission.account, admission.bucket, now_ms=now_ms):
                raise TooManyAttempts(wait)
            self._memory.guesses.pop(admission.counter, None)
            self._memory.sessions[session.user_id, session.sid] = session
            return True

    def retire(self, user_id: str, sid: str, *, mode: Mode, now: int) -> None:
        with self._memory.lock:
            session = self._memory.sessions.get((user_id, sid))
            if session is not None and session.revoked_at is None and session.mode == mode:
                self._memory.sessions[user_id, sid] = replace(session, revoked_at=now)


class FakeRevocations:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def revoke_token(self, jti: str, *, now_ms: int) -> bool:
        with self._memory.lock:
            if jti in self._memory.revoked_tokens:
                return False
            self._memory.revoked_tokens.add(jti)
            self._memory.entries.append(TokenRevoked(jti))
            return True

    def end(self, user_id: str, sid: str, *, now_ms: int, mode: Mode | None = None) -> bool:
        with self._memory.lock:
            session = self._memory.sessions.get((user_id, sid))
            if session is None or session.revoked_at is not None or mode not in (None, session.mode):
                return False
            self._revoke(session, now_ms)
            return True

    def revoke_session(self, user_id: str, sid: str, audit: AuditEntry) -> bool:
        with self._memory.lock:
            has_ended = self.end(user_id, sid, now_ms=audit.at_ms)
            if has_ended:
                self._memory.audited.append(audit)
            return has_ended

    def revoke_replayed(self, session: Session, audit: AuditEntry) -> None:
        with self._memory.lock:
            self._revoke(require_as_read(self._memory, session, audit.at_ms), audit.at_ms)
            self._memory.audited.append(audit)

    def raise_version(self, user_id: str, ver: int, audit: AuditEntry) -> bool:
        return raise_version(self._memory, user_id, ver, audit)

    def _revoke(self, session: Session, now_ms: int) -> None:
        self._memory.sessions[session.user_id, session.sid] = replace(session, revoked_at=now_ms // 1000)
        self._memory.entries.append(SessionRevoked(session.sid))


class FakeThrottle:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def take(self, key: str, bucket: Bucket, *, now_ms: int) -> int:
        with self._memory.lock:
            full_at = max(self._memory.buckets.get((key, bucket.scope), 0), now_ms)
            if wait := bucket.empty_for(full_at, now_ms):
                return wait
            self._memory.buckets[key, bucket.scope] = full_at + bucket.seconds * 1000
            return 0

    def reserve(self, key: str, allowance: Allowance, *, now_ms: int) -> bool:
        with self._memory.lock:
            now = now_ms // 1000
            failures, opened_at = self._memory.failures.get((key, allowance.scope), (0, now))
            if opened_at <= now - allowance.seconds:
                failures, opened_at = 0, now
            if failures >= allowance.size:
                return False
            self._memory.failures[key, allowance.scope] = failures + 1, opened_at
            return True

    def give_back(self, key: str, allowance: Allowance) -> None:
        with self._memory.lock:
            failures, opened_at = self._memory.failures.get((key, allowance.scope), (0, 0))
            if failures > 0:
                self._memory.failures[key, allowance.scope] = failures - 1, opened_at


class FakeGuesses:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def reserve(self, key: str, *, now_ms: int) -> int:
        with self._memory.lock:
            failures, failed_at = self._memory.guesses.get(key, (0, 0))
            wait = seconds_to_wait(failures)
            left = ceil((failed_at - now_ms) / 1000) + wait
            if failures >= MOST_FAILURES or (wait and left > 0):
                return wait if failures >= MOST_FAILURES else min(wait, left)
            self._memory.guesses[key] = failures + 1, now_ms
            return 0

    def give_back(self, key: str) -> None:
        with self._memory.lock:
            failures, failed_at = self._memory.guesses.get(key, (0, 0))
            if failures > 0:
                self._memory.guesses[key] = failures - 1, failed_at

    def clear(self, key: str, *, now: int) -> None:
        self._memory.guesses.pop(key, None)


class FakeOneTimeTokens:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def offer(self, token: OneTimeToken) -> bool:
        with self._memory.lock:
            key = token.request, token.purpose
            known = self._memory.tokens.get(key)
            if known is not None and known.used_at is not None:
                return False
            self._memory.tokens[key] = replace(token, expires_at=known.expires_at) if known else token
            self._memory.tries.setdefault(key, 0)
            return True

    def read(self, purpose: Purpose, request: str) -> OneTimeToken | None:
        return self._memory.tokens.get((request, purpose))

    def take_try(self, purpose: Purpose, request: str, *, now: int) -> OneTimeToken | None:
        with self._memory.lock:
            token = self._memory.tokens.get((request, purpose))
            if token is None or token.used_at is not None or token.expires_at <= now:
                return None
            if self._memory.tries[request, purpose] >= MAX_TRIES:
                return None
            self._memory.tries[request, purpose] += 1
            return token

    def give_back(self, purpose: Purpose, request: str) -> None:
        with self._memory.lock:
            token = self._memory.tokens.get((request, purpose))
            if token is not None and token.used_at is None and self._memory.tries[request, purpose] > 0:
                self._memory.tries[request, purpose] -= 1


class FakeRedemptions:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def register(
        self, token: OneTimeToken, user: User, password_hash: str, audit: AuditEntry, *, by_code: bool
    ) -> bool:
        now_ms = audit.at_ms
        with self._memory.lock:
            if not self._is_open(token, now_ms) or not FakeAccounts(self._memory).create(user, password_hash, audit):
                return False
            self._memory.guesses.pop(key_of_address(user.email), None)
            return self._spent(token, now_ms, by_code=by_code)

    def reset(self, token: OneTimeToken, grant: Reset, new_hash: str, audit: AuditEntry, *, by_code: bool) -> bool:
        now_ms = audit.at_ms
        with self._memory.lock:
            user = at_version(self._memory, grant.user_id, grant.ver)
            if not self._is_open(token, now_ms) or user is None or user.email != grant.email:
                return False
            raised = replace(user, token_version=grant.ver + 1, email_verified_at=now_ms // 1000)
            store(self._memory, raised, grant.ver + 1, audit)
            self._memory.hashes[grant.user_id] = new_hash
            self._memory.guesses.pop(key_of_address(grant.email), None)
            return self._spent(token, now_ms, by_code=by_code)

    def move(self, token: OneTimeToken, grant: EmailChange, audit: AuditEntry, *, by_code: bool) -> bool:
        now_ms = audit.at_ms
        with self._memory.lock:
            user = at_version(self._memory, grant.user_id, grant.ver)
            is_taken = any(other.email == grant.new_email for other in self._memory.users.values())
            if not self._is_open(token, now_ms) or user is None or user.email != grant.email or is_taken:
                return False
            if is_leaving(self._memory, grant.user_id, now_ms // 1000):
                return False
            moved = replace(user, email=grant.new_email, email_verified_at=now_ms // 1000)
            self._memory.users[grant.user_id] = moved
            self._memory.audited.append(audit)
            return self._spent(token, now_ms, by_code=by_code)

    def _is_open(self, token: OneTimeToken, now_ms: int) -> bool:
        stored = self._memory.tokens.get((token.request, token.purpose))
        return stored is not None and stored.used_at is None and now_ms // 1000 < stored.expires_at

    def _spent(self, token: OneTimeToken, now_ms: int, *, by_code: bool) -> bool:
        used = replace(token, used_at=now_ms // 1000, mailbox="", secret_hash=b"", code_hash="", grant=None)
        self._memory.tokens[token.request, token.purpose] = used
        if by_code:
            FakeThrottle(self._memory).give_back(key_of_address(token.mailbox), CODES_OF_MAILBOX)
        return True


@dataclass
class FakeMailQueue:
    """Keeps what was put."""

    queued: list[Queued] = field(default_factory=list)

    def put(self, queued: Queued) -> None:
        self.queued.append(queued)


@dataclass
class FakeMailer:
    """Keeps letters."""

    letters: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter) -> None:
        self.letters.append(letter)


def is_as_read(memory: Memory, user: User) -> bool:
    current = at_version(memory, user.user_id, user.token_version)
    return current is not None and current.email == user.email


def is_leaving(memory: Memory, user_id: str, now: int) -> bool:
    left_at = memory.leaving.get(user_id)
    return left_at is not None and left_at > now - 15 * 60


def require_as_read(memory: Memory, session: Session, now_ms: int) -> Session:
    """Apply the conditions of every write to a session. Raises RaceLost."""
    current = memory.sessions.get((session.user_id, session.sid))
    if (
        current is None
        or current.revoked_at is not None
        or current.ends_at <= now_ms // 1000
        or current.ver != session.ver
        or (current.rotation.parent, current.rotation.first) != (session.rotation.parent, session.rotation.first)
    ):
        raise RaceLost(current)
    return current


def at_version(memory: Memory, user_id: str, ver: int) -> User | None:
    user = memory.users.get(user_id)
    return user if user is not None and user.token_version == ver else None


def store(memory: Memory, user: User, ver: int, audit: AuditEntry) -> bool:
    memory.users[user.user_id] = user
    memory.entries.append(UserChanged(user.user_id, ver))
    memory.audited.append(audit)
    return True


def raise_version(memory: Memory, user_id: str, ver: int, audit: AuditEntry) -> bool:
    with memory.lock:
        user = at_version(memory, user_id, ver)
        return user is not None and store(memory, replace(user, token_version=ver + 1), ver + 1, audit)


@dataclass
class FakeTelemetry:
    """Remembers what it is told."""

    lines: list[Answered] = field(default_factory=list)
    denials: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    rings: list[str] = field(default_factory=list)
    mails: list[tuple[str, str]] = field(default_factory=list)
    runs: int = 0

    def answered(self, answered: Answered) -> None:
        self.lines.append(answered)

    def denied(self, reason: str, request_id: str) -> None:
        self.denials.append(reason)

    def failed(self, reason: str, request_id: str = "") -> None:
        self.failures.append(reason)

    def mailed(self, about: str, outcome: str, message_id: str) -> None:
        self.mails.append((about, outcome))

    def kept_ring(self, use: str, *, made: int, dropped: int, promoted: bool) -> None:
        self.rings.append(use)

    def kept_rings(self) -> None:
        self.runs += 1


@dataclass
class FakeRings:
    """A ring store in memory. `rival` acts once between the first reading and the first write."""

    ring: StoredRing = StoredRing(0, {})
    rival: RingChange | None = None
    audited: list[AuditEntry] = field(default_factory=list)

    def private_ring(self, use: Use) -> StoredRing:
        return self.ring

    def change_ring(self, use: Use, change: RingChange, cause: Cause, *, version: int, now_ms: int) -> bool:
        if self.rival:
            rival, self.rival = self.rival, None
            self._apply(rival)
        is_there_already = any(key.record.kid in self.ring.keys for key in change.add)
        is_missing = change.promote is not None and change.promote not in self.ring.keys
        if version != self.ring.version or is_there_already or is_missing:
            return False
        self._apply(change)
        self.audited += change.audit(use, cause, now_ms=now_ms)
        return True

    def _apply(self, change: RingChange) -> None:
        keys = {kid: key for kid, key in self.ring.keys.items() if kid not in change.drop}
        keys |= {key.record.kid: key.record for key in change.add}
        if change.promote:
            keys[change.promote] = replace(keys[change.promote], not_before=change.promoted_at)
        self.ring = StoredRing(self.ring.version + 1, keys)


class FakeKms:
    """Seals by naming the context; opens only under the same one."""

    def __init__(self, key_id: str = "key") -> None:
        self.key_id = key_id
        self.opened = 0

    def encrypt(self, plaintext: bytes, *, use: Use, kid: str) -> bytes:
        return f"{use} {kid} ".encode() + plaintext

    def decrypt(self, ciphertext: bytes, *, use: Use, kid: str) -> bytes:
        self.opened += 1
        prefix = f"{use} {kid} ".encode()
        assert ciphertext.startswith(prefix)
        return ciphertext.removeprefix(prefix)
