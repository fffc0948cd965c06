"""Reset a password that was forgotten."""

from sallyport.accounts.one_time_token import Code, Proof, RedemptionStore, Reset
from sallyport.accounts.password import NormalPassword
from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.errors import ProofRejected
from sallyport.sessions.session import Device
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.choose_password import ChoosePassword, Redeemed
from sallyport.use_cases.notify import Notify
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPassword:
    """Gives users another password, if they read mail at their address."""

    choose_password: ChoosePassword
    redemptions: RedemptionStore
    devices: DeviceTokens
    notify: Notify
    clock: Clock

    def __call__(self, proof: Proof, password: NormalPassword, device: Device, request_id: str) -> Redeemed:
        """Store the new password. Every session of the user is dead then, and they log in as usual.

        Raises ProofRejected, also where the account has changed since the mail was sent; PasswordRefused;
        TooManyAttempts; Unavailable.
        """
        devices = self.devices.signer()
        chosen = self.choose_password(proof, "reset_password", password, device.ip)
        now_ms = self.clock()
        grant = chosen.token.grant
        if not isinstance(grant, Reset):
            raise ProofRejected
        audit = AuditEntry(grant.user_id, "password.reset", now_ms, by_user(request_id))
        done = self.redemptions.reset(chosen.token, grant, chosen.password_hash, audit, by_code=isinstance(proof, Code))
        if not done:
            raise ProofRejected("overtaken")
        also = self.notify("password_reset", grant.email, device)
        return Redeemed(devices.issue(grant.user_id, grant.ver + 1, now=now_ms // 1000), (*chosen.also, *also))
