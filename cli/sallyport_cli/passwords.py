"""New passwords, which an operator chooses by the rules that a user chooses by."""

from sallyport import settings
from sallyport.accounts import blocklist
from sallyport.accounts.new_password import NewPasswords
from sallyport.accounts.password import NormalPassword, PasswordRefused
from sallyport_cli import typed
from sallyport_cli.errors import Refused


def new_password(email: str, config: settings.NewPasswords, *, from_stdin: bool) -> NormalPassword:
    """Read a new password for the user of an address, by the rules of a stack.

    Nobody is asked about breaches: this may run without a network. Raises Refused, UsageError, Unavailable.
    """
    text = typed.password(from_stdin=from_stdin)
    rules = NewPasswords(
        min_length=config.password_min_length,
        service_name=config.service_name,
        blocklist=blocklist.shipped(config.password_min_length),
    )
    try:
        password = rules.choose(text)
        rules.require_fit_for(password, email)
    except PasswordRefused as refusal:
        raise Refused(refusal.detail) from None
    return password
