"""Change a password that the user knows."""

from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.password import NormalPassword
from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.errors import ChangedMeanwhile
from sallyport.sessions.issue import IssuedTokens, TokenIssuer
from sallyport.sessions.password_change import PasswordChangeStore
from sallyport.sessions.session import Device, Mode
from sallyport.sessions.strict import VerifiedClaims
from sallyport.trail import Trail
from sallyport.use_cases.confirm_caller import ConfirmCaller
from sallyport.use_cases.notify import Notify
from sallyport.values import dataclass, field


@dataclass(frozen=True, slots=True)
class PasswordChanged:
    """New tokens for the session that asked, by the channel of its login; the user's other sessions are dead."""

    tokens: IssuedTokens
    device_token: str = field(repr=False)
    mode: Mode
    trail: Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    """Changes passwords. Every token that was issued before dies, those of the caller included."""

    confirm_caller: ConfirmCaller
    rules: NewPasswords
    store: PasswordChangeStore
    issuer: TokenIssuer
    notify: Notify
    clock: Clock

    def __call__(
        self, caller: VerifiedClaims, current: NormalPassword, new: NormalPassword, device: Device, request_id: str
    ) -> PasswordChanged:
        """Store the new password, to which `rules.choose` has been applied, and go on in the caller's session.

        Raises TokenDead, WrongPassword, PasswordRefused, ChangedMeanwhile if a login or another change came between,
        Unavailable.
        """
        session, account = self.confirm_caller(caller, current)
        user = account.user
        also = self.rules.require_fit_for(new, user.email)
        signer = self.issuer.signer()
        new_hash = self.confirm_caller.passwords.hash(new)
        now_ms = self.clock()
        audit = AuditEntry(user.user_id, "password.changed", now_ms, by_user(request_id, caller.sid))
        changed = self.store.change_password(account, caller.sid, new_hash, audit)
        if changed is None:
            raise ChangedMeanwhile
        notes = (*also, *self.notify("password_changed", user.email, device))
        now = now_ms // 1000
        return PasswordChanged(
            tokens=signer.issue(changed, changed.rotation.head, now=now),
            device_token=signer.devices.issue(user.user_id, changed.ver, now=now),
            mode=session.mode,
            trail=Trail(caller.sid, notes),
        )
