"""Choose a password by a link or a code: the steps that registering and resetting have in common, in their order."""

from sallyport.accounts.hashing import Passwords
from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.one_time_token import OneTimeToken, Proof, Purpose
from sallyport.accounts.password import NormalPassword, PasswordRefused
from sallyport.trail import Note
from sallyport.use_cases.prove_mailbox import ProveMailbox
from sallyport.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Chosen:
    """A proof that was right, and the hash of the password that goes with it. Nothing is spent yet."""

    token: OneTimeToken
    password_hash: str = field(repr=False)
    also: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The account has this password now. The device token lets login know this device again. `also` is what to note."""

    device_token: str = field(repr=False)
    also: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoosePassword:
    """Checks a proof, then what the proof lets us ask about a new password. `rules.choose` has been applied before."""

    prove_mailbox: ProveMailbox
    rules: NewPasswords
    passwords: Passwords

    def __call__(self, proof: Proof, purpose: Purpose, password: NormalPassword, ip: str) -> Chosen:
        """Return what is to be stored.

        Whether the password is like the address is asked only of whoever has proved to read mail there: else the answer
        would tell a stranger the address of a request. A refused password costs no try.

        Raises ProofRejected, PasswordRefused, TooManyAttempts, Unavailable.
        """
        token = self.prove_mailbox(proof, purpose, ip)
        try:
            also = self.rules.require_fit_for(password, token.mailbox)
        except PasswordRefused:
            self.prove_mailbox.give_back(proof, token)
            raise
        return Chosen(token, self.passwords.hash(password), also)
