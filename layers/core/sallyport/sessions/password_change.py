"""The change of a password, which all sessions but one do not survive."""

from typing import Protocol

from sallyport.accounts.user import Account
from sallyport.audit import AuditEntry
from sallyport.sessions.session import Session


class PasswordChangeStore(Protocol):
    """Stores a password in the place of another."""

    def change_password(self, account: Account, sid: str, new_hash: str, audit: AuditEntry) -> Session | None:
        """Store a new hash and raise the token version, from which only session `sid` comes back.

        Returns the session as it is then, with a head that nobody has been given yet. None: nothing was changed,
        because hash or version are no longer those of `account` or the session has ended. Raises Unavailable.
        """
        ...
