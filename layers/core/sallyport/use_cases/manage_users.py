"""Manage users: what an operator does to an account."""

from collections.abc import Callable

from tenacity import retry, retry_if_exception_type, stop_after_attempt

from sallyport.accounts.mail_request import NoticeKind
from sallyport.accounts.user import AccountStore, User, new_user
from sallyport.audit import Action, AuditEntry, Cause
from sallyport.clock import Clock
from sallyport.errors import ChangedMeanwhile
from sallyport.revocation.entries import RevocationStore
from sallyport.sessions.session import SessionStore
from sallyport.trail import Note
from sallyport.use_cases.notify import BY_AN_OPERATOR, Notify
from sallyport.values import dataclass, replace


class NoSuchUser(Exception):
    """There is no user of this id."""


class AddressTaken(Exception):
    """There is a user of this e-mail address already."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The user as they are now, and whether this call has changed them. `also` is what to note."""

    user: User
    is_changed: bool
    also: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Deleted:
    """Whether there was anything to delete. `also` is what to note."""

    is_changed: bool
    also: tuple[Note, ...] = ()


_again_if_changed_meanwhile = retry(
    retry=retry_if_exception_type(ChangedMeanwhile), stop=stop_after_attempt(3), reraise=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageUsers:
    """Changes users, and tells them by mail of what keeps them out, lets them in or gives them another password.

    A change that loses a race against another one reads the user again. `cause` returns who the operator is.

    Every method that changes a user raises NoSuchUser and ChangedMeanwhile; every method raises Unavailable.
    """

    accounts: AccountStore
    sessions: SessionStore
    revocations: RevocationStore
    notify: Notify
    cause: Callable[[], Cause]
    clock: Clock

    def create(self, email: str, password_hash: str, *, roles: tuple[str, ...] = (), is_verified: bool = False) -> User:
        """Create a user who may log in at once. Raises AddressTaken."""
        now_ms = self.clock()
        user = new_user(email, roles=roles, is_verified=is_verified, now=now_ms // 1000)
        audit = AuditEntry(user.user_id, "user.created", now_ms, self.cause(), after=user.standing)
        if not self.accounts.create(user, password_hash, audit):
            raise AddressTaken
        return user

    def disable(self, user_id: str) -> Changed:
        """Keep a user out until they are enabled. Every token and session of theirs dies."""

        def keep_out(user: User) -> User | None:
            if user.status == "disabled":
                return user
            disabled = replace(user, status="disabled", token_version=user.token_version + 1)
            audit = self._audit("user.disabled", user, disabled)
            return disabled if self.accounts.disable(user, audit) else None

        return self._told(self._change(user_id, keep_out), "account_disabled")

    def enable(self, user_id: str) -> Changed:
        """Let a disabled user log in again. Their old tokens stay dead."""

        def let_in(user: User) -> User | None:
            if user.status == "active":
                return user
            enabled = replace(user, status="active")
            audit = self._audit("user.enabled", user, enabled)
            return enabled if self.accounts.enable(user, audit) else None

        return self._told(self._change(user_id, let_in), "account_enabled")

    def revoke(self, user_id: str) -> Changed:
        """Kill every token and session of a user. They may log in again at once."""

        def raise_version(user: User) -> User | None:
            audit = AuditEntry(user_id, "sessions.revoked", self.clock(), self.cause())
            done = self.revocations.raise_version(user_id, user.token_version, audit)
            return replace(user, token_version=user.token_version + 1) if done else None

        return self._change(user_id, raise_version)

    def set_password(self, user_id: str, new_hash: str) -> Changed:
        """Give a user another password. Every token and session of theirs dies; a disabled user stays disabled."""

        def set_it(user: User) -> User | None:
            audit = AuditEntry(user_id, "password.set", self.clock(), self.cause())
            done = self.accounts.set_password(user, new_hash, audit)
            return replace(user, token_version=user.token_version + 1) if done else None

        return self._told(self._change(user_id, set_it), "password_set")

    def change_roles(self, user_id: str, wanted: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Changed:
        """Give a user the roles that `wanted` makes of those they have. This revokes nothing."""

        def give(user: User) -> User | None:
            roles = wanted(user.roles)
            if roles == user.roles:
                return user
            changed = replace(user, roles=roles)
            audit = self._audit("roles.changed", user, changed)
            return changed if self.accounts.change_roles(user, roles, audit) else None

        return self._change(user_id, give)

    @_again_if_changed_meanwhile
    def delete(self, user_id: str) -> Deleted:
        """Delete a user with everything personal that is about them. Every token of theirs dies.

        The user goes first: from then on nobody can open a session. If the deletion of the session items then fails,
        the sessions are dead all the same, and the call may be repeated.

        Returns whether there was a user, or a session of theirs left.
        """
        user = self.accounts.get(user_id)
        if user is not None and not self.accounts.delete(user, self._audit("user.deleted", user, None)):
            raise ChangedMeanwhile
        also = self.notify("account_deleted", user.email, BY_AN_OPERATOR) if user is not None else ()
        forgotten = self.sessions.forget_all(user_id)
        return Deleted(is_changed=user is not None or forgotten > 0, also=also)

    def end_session(self, user_id: str, sid: str) -> bool:
        """End one session of a user. Return False if there was nothing left to end."""
        audit = AuditEntry(user_id, "session.revoked", self.clock(), self.cause(), sid=sid)
        return self.revocations.revoke_session(user_id, sid, audit)

    def _audit(self, action: Action, before: User, after: User | None) -> AuditEntry:
        standing = after.standing if after else None
        return AuditEntry(before.user_id, action, self.clock(), self.cause(), before=before.standing, after=standing)

    def _told(self, changed: Changed, kind: NoticeKind) -> Changed:
        if not changed.is_changed:
            return changed
        return replace(changed, also=self.notify(kind, changed.user.email, BY_AN_OPERATOR))

    @_again_if_changed_meanwhile
    def _change(self, user_id: str, change: Callable[[User], User | None]) -> Changed:
        """Read the user and change them. `change` returns the user as they are then, or None after a lost race."""
        user = self.accounts.get(user_id)
        if user is None:
            raise NoSuchUser
        changed = change(user)
        if changed is None:
            raise ChangedMeanwhile
        return Changed(changed, changed != user)
