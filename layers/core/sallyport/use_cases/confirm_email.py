"""Confirm another e-mail address: the login name moves there."""

from sallyport.accounts.one_time_token import Code, EmailChange, Proof, RedemptionStore
from sallyport.audit import AuditEntry, by_user
from sallyport.clock import Clock
from sallyport.errors import ProofRejected
from sallyport.sessions.session import Device, SessionStore
from sallyport.sessions.strict import VerifiedClaims, check_strictly
from sallyport.trail import Note
from sallyport.use_cases.notify import Notify
from sallyport.use_cases.prove_mailbox import ProveMailbox
from sallyport.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmEmail:
    """Moves users to an address at which they have proved to read mail."""

    sessions: SessionStore
    prove_mailbox: ProveMailbox
    redemptions: RedemptionStore
    notify: Notify
    clock: Clock

    def __call__(self, caller: VerifiedClaims, proof: Proof, device: Device, request_id: str) -> tuple[Note, ...]:
        """Move the caller to the address of the proof, which they must have asked for themselves. Sessions live on.

        Returns what to note. Raises TokenDead, ProofRejected, TooManyAttempts, Unavailable.
        """
        check_strictly(caller, sessions=self.sessions, now=self.clock() // 1000)
        token = self.prove_mailbox(proof, "confirm_email", device.ip)
        grant = token.grant
        if not isinstance(grant, EmailChange) or grant.user_id != caller.sub:
            raise ProofRejected("caller")
        audit = AuditEntry(grant.user_id, "email.changed", self.clock(), by_user(request_id, caller.sid))
        if not self.redemptions.move(token, grant, audit, by_code=isinstance(proof, Code)):
            raise ProofRejected("overtaken")
        return self.notify("email_changed", grant.email, device)
