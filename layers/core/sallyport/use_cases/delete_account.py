"""Delete an account at the wish of its user."""

from sallyport.accounts.password import NormalPassword
from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.errors import ChangedMeanwhile
from sallyport.sessions.session import Device
from sallyport.sessions.strict import VerifiedClaims
from sallyport.trail import Trail
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.notify import Notify
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAccount:
    """Deletes everything personal that is about a user, but mail requests, which end soon. Their audit trail stays."""

    confirm_caller: ConfirmCaller
    notify: Notify
    clock: Clock

    def __call__(self, caller: VerifiedClaims, password: NormalPassword, device: Device, request_id: str) -> Trail:
        """Delete the caller's account.

        First no session can be opened any more, then the others are deleted, and in the end everything else at once
        with the session that asked. So whatever fails before leaves the user with a session to ask again from.

        Raises TokenDead, WrongPassword, ChangedMeanwhile, Unavailable.
        """
        _, account = self.confirm_caller(caller, password)
        user = account.user
        accounts = self.confirm_caller.accounts
        if not accounts.begin_leaving(user, now=self.clock() // 1000):
            raise ChangedMeanwhile
        sessions = self.confirm_caller.sessions
        sessions.forget([session for session in sessions.of_user(user.user_id) if session.sid != caller.sid])
        cause = by_user(request_id, caller.sid)
        audit = AuditEntry(user.user_id, "user.deleted", self.clock(), cause, before=user.standing)
        if not accounts.delete(user, audit, sid=caller.sid) and accounts.get(user.user_id) is not None:
            raise ChangedMeanwhile
        return Trail(caller.sid, self.notify("account_deleted", user.email, device))
