"""Deleting a user with everything that is about them."""

from typing import Protocol

from sallyport.accounts.user import User


class UserDeleter(Protocol):
    """Deletes a user, with whom every token and session of theirs dies."""

    def delete(self, user: User, *, now_ms: int) -> bool: ...


class SessionForgetter(Protocol):
    """Deletes session items."""

    def forget_all(self, user_id: str) -> int: ...


def delete_user(user: User, *, revocations: UserDeleter, sessions: SessionForgetter, now_ms: int) -> bool:
    """Delete a user, then the items of their sessions, which hold addresses and user agents.

    The user goes first: from then on nobody can open a session. If the second step fails, the sessions are dead all the
    same, and `forget_all` may be repeated.

    Returns False, having done nothing, if the user is no longer as they were read. Raises Unavailable.
    """
    if not revocations.delete(user, now_ms=now_ms):
        return False
    sessions.forget_all(user.user_id)
    return True
