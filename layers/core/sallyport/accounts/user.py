"""The user."""

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["active", "disabled"]

FIRST_TOKEN_VERSION = 1


@dataclass(frozen=True, slots=True)
class User:
    """A user as the table holds them, without their credential.

    `token_version` (`ver` in tokens) is raised to kill every token issued before. `created_at` in seconds.
    """

    user_id: str
    email: str = field(repr=False)
    token_version: int
    status: Status
    roles: tuple[str, ...]
    created_at: int


@dataclass(frozen=True, slots=True)
class Account:
    """A user and their password hash, read together."""

    user: User
    password_hash: str = field(repr=False)
