"""Opening sessions: a store of its own, so that who only reads or rotates sessions loads nothing of logins."""

from typing import Protocol

from sallyport.accounts.guesses import Admission
from sallyport.sessions.session import Mode, Session


class OpeningStore(Protocol):
    """Stores new sessions, and ends those that they replace. Every method raises Unavailable if a call fails."""

    def open(self, session: Session, admission: Admission) -> bool:
        """Store a new session, and count the login. Return False, having done nothing, unless its user is as needed.

        They exist, are active and of the session's version, and nobody is deleting them. Raises TooManyAttempts if the
        account has logged in too often, ChangedMeanwhile.
        """
        ...

    def retire(self, user_id: str, sid: str, *, mode: Mode, now: int) -> None:
        """Revoke a session of this channel that a new login on its device replaces, if it is not revoked yet.

        Unlike RevocationStore.end it leaves no entry for authorizers, so that nobody fills their list by logging in.
        """
        ...
