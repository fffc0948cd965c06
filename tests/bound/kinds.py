"""The kinds of revocation: what is there before, what is done, which tokens must die of it and which must not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sallyport.accounts.user import User
from sallyport.sessions.session import Session
from tests.support.builders import SECOND, an_audit
from tests.support.service import Service
from tests.support.tokens import unverified_claims

OLD_ROLES, NEW_ROLES = "reader writer", "auditor"


@dataclass(eq=False)
class Token:
    """An access token that is watched. Times are true ones in milliseconds, but for `exp`, which is in the token.

    `died_at` or `roles_changed_at`: when the revocation was answered; None: not yet, or it does not concern it.
    `is_dying`: the revocation was begun.
    """

    text: str
    kind: str
    exp: int = field(init=False)
    is_dying: bool = False
    died_at: int | None = None
    roles_changed_at: int | None = None

    def __post_init__(self) -> None:
        self.exp = unverified_claims(self.text)["exp"]


@dataclass(frozen=True)
class Family:
    """A user on two devices. On the first they have been given two tokens."""

    user: User
    here: Session
    there: Session
    tokens: list[Token]

    @property
    def first(self) -> Token:
        return self.tokens[0]


Revoke: TypeAlias = Callable[[Service, Family, int], list[Session]]
"""Revoke, with a timestamp; answers the sessions that live thereafter with another version."""


@dataclass(frozen=True)
class Kind:
    """`dies`: which of the three tokens."""

    revoke: Revoke
    dies: tuple[int, ...]
    raised_before: bool = False


def a_family(service: Service, kind: str, *, raised_before: int | None) -> Family:
    """Make one by the clock of `service`. Its version may have been raised already, with another timestamp."""
    user = service.new_user()
    if raised_before is not None:
        assert service.stores.revocations.raise_version(user.user_id, 1, an_audit(user.user_id, raised_before))
        user = replace(user, token_version=2)
    here, there = (open_session(service, user) for _ in range(2))
    return Family(user, here, there, [Token(issue(service, session), kind) for session in (here, here, there)])


def open_session(service: Service, user: User) -> Session:
    tokens = service.open_session(user)
    _, session = service.stores.sessions.load(user.user_id, tokens.session_id)
    assert session is not None
    return session


def issue(service: Service, session: Session, *, later: int = 0) -> str:
    return service.issuer.signer().issue(session, 1, now=service.clock.now + later // SECOND).access_token


def _token(service: Service, family: Family, now_ms: int) -> list[Session]:
    assert service.stores.revocations.revoke_token(unverified_claims(family.first.text)["jti"], now_ms=now_ms)
    return []


def _logout(service: Service, family: Family, now_ms: int) -> list[Session]:
    assert service.stores.revocations.end(family.user.user_id, family.here.sid, now_ms=now_ms)
    return []


def _replay(service: Service, family: Family, now_ms: int) -> list[Session]:
    service.stores.revocations.revoke_replayed(family.here, an_audit(family.here.user_id, now_ms))
    return []


def _version(service: Service, family: Family, now_ms: int) -> list[Session]:
    user = family.user
    assert service.stores.revocations.raise_version(user.user_id, user.token_version, an_audit(user.user_id, now_ms))
    return [open_session(service, replace(user, token_version=user.token_version + 1))]


def _disable(service: Service, family: Family, now_ms: int) -> list[Session]:
    assert service.stores.accounts.disable(family.user, an_audit(family.user, now_ms))
    return []


def _disable_and_enable(service: Service, family: Family, now_ms: int) -> list[Session]:
    _disable(service, family, now_ms)
    assert service.stores.accounts.enable(family.user, an_audit(family.user))
    return [open_session(service, replace(family.user, token_version=family.user.token_version + 1))]


def _delete(service: Service, family: Family, now_ms: int) -> list[Session]:
    assert service.stores.accounts.delete(family.user, an_audit(family.user, now_ms))
    return []


def _password(service: Service, family: Family, now_ms: int) -> list[Session]:
    account = service.stores.account(family.user.email)
    hashed = f"{account.password_hash}, another"
    changed = service.stores.accounts.change_password(account, family.here.sid, hashed, an_audit(account.user, now_ms))
    assert changed is not None
    return [changed]


def _roles(service: Service, family: Family, now_ms: int) -> list[Session]:
    assert service.stores.accounts.change_roles(family.user, tuple(NEW_ROLES.split()), an_audit(family.user, now_ms))
    return []


ROLES = "roles changed"

KINDS = {
    "token": Kind(_token, dies=(0,)),
    "logout": Kind(_logout, dies=(0, 1)),
    "replay": Kind(_replay, dies=(0, 1)),
    "version raised": Kind(_version, dies=(0, 1, 2)),
    "version raised again": Kind(_version, dies=(0, 1, 2), raised_before=True),
    "disabled": Kind(_disable, dies=(0, 1, 2)),
    "disabled, enabled": Kind(_disable_and_enable, dies=(0, 1, 2)),
    "deleted": Kind(_delete, dies=(0, 1, 2)),
    "password changed": Kind(_password, dies=(0, 1, 2)),
    ROLES: Kind(_roles, dies=()),
}
