"""Roles for the authorizer's context in `bounded`.

An execution environment reads a user's roles once, and again after an entry about that user.
"""

from typing import TYPE_CHECKING

from sallyport.errors import TokenDead
from sallyport.tokens.access import AccessToken

if TYPE_CHECKING:
    from sallyport.accounts.user import UserReader

MOST_USERS = 10_000


class NoRoles:
    """Knows no roles, and reads nothing."""

    def of(self, token: AccessToken) -> None:  # noqa: ARG002
        return None

    def forget(self, user_id: str) -> None: ...

    def forget_all(self) -> None: ...


class KnownRoles:
    """The roles of the last `most` users that one execution environment has read, each as of a token version."""

    def __init__(self, users: "UserReader", *, most: int = MOST_USERS) -> None:
        self._users = users
        self._most = most
        self._known: dict[str, tuple[int, tuple[str, ...]]] = {}

    def of(self, token: AccessToken) -> tuple[str, ...]:
        """Return the roles of a token's user. Raises TokenDead if the user is gone or of another version, Unavailable.

        Once a version has been read, no token of an older version passes.
        """
        known = self._known.get(token.sub)
        if known is None or token.ver > known[0]:
            known = self._read(token.sub)
        ver, roles = known
        if token.ver != ver:
            raise TokenDead("ver")
        return roles

    def _read(self, user_id: str) -> tuple[int, tuple[str, ...]]:
        user = self._users.get(user_id)
        self.forget(user_id)
        if user is None or user.status != "active":
            raise TokenDead("user")
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[user_id] = user.token_version, user.roles
        return self._known[user_id]

    def forget(self, user_id: str) -> None:
        self._known.pop(user_id, None)

    def forget_all(self) -> None:
        self._known.clear()
