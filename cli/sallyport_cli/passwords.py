"""New passwords, which an operator chooses by the rules that a user chooses by."""

from sallyport.accounts.blocklist import shipped
from sallyport.accounts.password import MIN_PASSWORD_LENGTH, NewPasswords, NormalPassword, PasswordRefused
from sallyport_cli import typed
from sallyport_cli.errors import Refused

RULES = NewPasswords(min_length=MIN_PASSWORD_LENGTH, service_name="", blocklist=shipped(MIN_PASSWORD_LENGTH))
"""The rules of every stack, whatever its settings. Nobody is asked about breaches: this may run without a network."""


def new_password(email: str, *, from_stdin: bool) -> NormalPassword:
    """Read a new password for the user of an address. Raises Refused, UsageError, Unavailable."""
    text = typed.password(from_stdin=from_stdin)
    try:
        password = RULES.choose(text)
        RULES.require_fit_for(password, email)
    except PasswordRefused as refusal:
        raise Refused(refusal.detail) from None
    return password
