"""What a new password must be (NIST SP 800-63B-4)."""

from typing import Protocol

from sallyport.accounts.blocklist import Blocklist, caseless
from sallyport.accounts.password import NormalPassword, PasswordRefused, normal
from sallyport.errors import Unavailable
from sallyport.trail import Note
from sallyport.values import dataclass


class PasswordTooShort(PasswordRefused):
    """A new password of fewer code points than are asked for. No minimum applies at login."""

    code = "password_too_short"

    def __init__(self, at_least: int) -> None:
        super().__init__(f"A new password needs at least {at_least} characters.")


class PasswordCommon(PasswordRefused):
    """A new password that is guessed before any other."""

    code = "password_common"


class PasswordBreached(PasswordRefused):
    """A new password that was stolen from another service, whose users' names are mostly known, too."""

    code = "password_breached"

    def __init__(self) -> None:
        super().__init__("This password is known from a data breach of another service. Choose one never used before.")


class BreachedPasswords(Protocol):
    """The passwords that were stolen from anybody, as far as somebody else knows them."""

    def hold(self, password: NormalPassword) -> bool:
        """Tell whether a password is among them. Raises Unavailable if that cannot be found out now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasswords:
    """What a new password must be. There are no rules of composition: they make passwords worse (NIST SP 800-63B-4).

    `breaches` is None where no other service is asked.
    """

    min_length: int
    service_name: str
    blocklist: Blocklist
    breaches: BreachedPasswords | None = None

    def choose(self, typed: str) -> NormalPassword:
        """Read a new password and hold it to the rules that need no account.

        Its length counts code points, in the form in which it is hashed. Raises PasswordRefused, and Unavailable if the
        blocklist cannot be read.
        """
        password = normal(typed)
        text = password.decode("utf-8")
        if len(text) < self.min_length:
            raise PasswordTooShort(self.min_length)
        known_as = caseless(text)
        if known_as == caseless(self.service_name):
            raise PasswordCommon("A new password may not be the name of this service.")
        if known_as in self.blocklist:
            raise PasswordCommon("This password is on a list of common ones, which are guessed first.")
        return password

    def require_fit_for(self, password: NormalPassword, email: str) -> tuple[Note, ...]:
        """Hold a chosen password to the rules that need the account's canonical address.

        Returns what is to be counted: `breach_check_failed` where breaches are looked for and could not be. That
        refuses no password, because the service that is asked may be away when ours is needed.

        Raises PasswordRefused.
        """
        if caseless(password.decode("utf-8")) in {email, email.rpartition("@")[0]}:
            raise PasswordCommon("A new password may not be the account's e-mail address, or the part before the @.")
        if self.breaches is None:
            return ()
        try:
            is_breached = self.breaches.hold(password)
        except Unavailable:
            return ("breach_check_failed",)
        if is_breached:
            raise PasswordBreached
        return ()
