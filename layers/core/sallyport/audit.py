"""The audit trail: what was changed of an account, its sessions or a key, by whom and when (docs/audit.md)."""

import re
from typing import Literal

from sallyport.values import dataclass

Action = Literal[
    "user.created",  # by an operator
    "user.verified",  # by whoever reads mail at the address: the account begins
    "user.disabled",
    "user.enabled",
    "user.deleted",
    "roles.changed",
    "password.changed",  # by somebody who knew the old one
    "password.reset",  # by mail
    "password.set",  # by an operator
    "email.changed",
    "session.revoked",
    "session.replayed",  # revoked, because a token of it was used twice
    "sessions.revoked",  # every session of a user
    "key.created",
    "key.promoted",
    "key.dropped",
]

KEYS = ":keys"
"""What entries about the signing keys are about. No user has such an id."""

_WHO = re.compile(r"[!#-\[\]-~]{1,512}", re.ASCII)  # no space, quote or backslash


@dataclass(frozen=True, slots=True)
class Cause:
    """Who makes a change: `self` (the user), `system`, or `operator:` and a name; in which request, from which session.

    What there is none of is empty.
    """

    by: str
    request_id: str = ""
    sid: str = ""


def by_user(request_id: str, sid: str = "") -> Cause:
    """Return the cause of what users change of their own."""
    return Cause("self", request_id, sid)


def by_system(request_id: str = "") -> Cause:
    """Return the cause of what nobody asked for: a rule, a schedule or a deployment did it."""
    return Cause("system", request_id)


def by_operator(who: str, request_id: str = "") -> Cause:
    """Return the cause of what an operator does, named by their ARN. Raises ValueError for what is no name."""
    if _WHO.fullmatch(who) is None:
        raise ValueError("must be 1 to 512 ASCII characters without spaces, quotes and backslashes")
    return Cause(f"operator:{who}", request_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a user may do: their roles and their status."""

    roles: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change, stored in the transaction that makes it. It names people by ids only.

    `about` is a user's id or KEYS, `at_ms` the time of the change in milliseconds. `sid` is the session that was ended,
    where it was one. `before` and `after` are given where the change is one of roles or status; `use` and `kid` name a
    key.
    """

    about: str
    action: Action
    at_ms: int
    cause: Cause
    sid: str = ""
    before: Standing | None = None
    after: Standing | None = None
    use: str = ""
    kid: str = ""
