"""Verify an e-mail address: the account begins."""

from sallyport.accounts.one_time_token import Code, Proof, RedemptionStore, Registration
from sallyport.accounts.password import NormalPassword
from sallyport.accounts.user import new_user
from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.errors import ProofRejected
from sallyport.tokens.device import DeviceTokens
from sallyport.use_cases.choose_password import ChoosePassword, Redeemed
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEmail:
    """Creates accounts for whoever reads mail at their address. Before that there is nothing that could be taken."""

    choose_password: ChoosePassword
    redemptions: RedemptionStore
    devices: DeviceTokens
    clock: Clock

    def __call__(self, proof: Proof, password: NormalPassword, ip: str, request_id: str) -> Redeemed:
        """Create the account with the password that whoever holds the proof has chosen.

        Raises ProofRejected, also where the address has an account by now; PasswordRefused; TooManyAttempts;
        Unavailable.
        """
        devices = self.devices.signer()
        chosen = self.choose_password(proof, "verify_email", password, ip)
        now_ms = self.clock()
        match chosen.token.grant:
            case Registration(email):
                user = new_user(email, is_verified=True, now=now_ms // 1000)
            case _:
                raise ProofRejected
        audit = AuditEntry(user.user_id, "user.verified", now_ms, by_user(request_id), after=user.standing)
        done = self.redemptions.register(
            chosen.token, user, chosen.password_hash, audit, by_code=isinstance(proof, Code)
        )
        if not done:
            raise ProofRejected("overtaken")
        return Redeemed(devices.issue(user.user_id, user.token_version, now=now_ms // 1000), chosen.also)
