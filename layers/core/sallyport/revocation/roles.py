"""Roles for the authorizer's context in `bounded`: read once per user and environment, until an entry names him."""

from typing import Protocol

from sallyport.accounts.user import User
from sallyport.errors import InvalidToken
from sallyport.tokens.access import AccessToken

MOST_USERS = 10_000


class UserReads(Protocol):
    """Reads users, consistently."""

    def get(self, user_id: str) -> User | None: ...


class NoRoles:
    """Knows nobody's roles, and reads nothing."""

    def of(self, token: AccessToken) -> None:  # noqa: ARG002  # asks nothing, so it needs nothing
        return None

    def forget(self, user_id: str) -> None: ...

    def forget_all(self) -> None: ...


class KnownRoles:
    """The roles of the users whom one environment has seen, the last `most` of them, each as of a token version."""

    def __init__(self, users: UserReads, *, most: int = MOST_USERS) -> None:
        self._users = users
        self._most = most
        self._known: dict[str, tuple[int, tuple[str, ...]]] = {}

    def of(self, token: AccessToken) -> tuple[str, ...]:
        """Answer the roles of a token's user. Raises InvalidToken if what is known of him shows that it is dead.

        Once a version has been read, no older token passes: whoever was denied by a reading stays denied.
        """
        known = self._known.get(token.sub)
        if known is None or token.ver > known[0]:
            known = self._read(token.sub)
        ver, roles = known
        if token.ver != ver:
            raise InvalidToken("ver")
        return roles

    def _read(self, user_id: str) -> tuple[int, tuple[str, ...]]:
        user = self._users.get(user_id)
        self.forget(user_id)
        if user is None or user.status != "active":
            raise InvalidToken("user")
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[user_id] = user.token_version, user.roles
        return self._known[user_id]

    def forget(self, user_id: str) -> None:
        self._known.pop(user_id, None)

    def forget_all(self) -> None:
        self._known.clear()
