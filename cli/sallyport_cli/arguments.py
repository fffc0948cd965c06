"""The arguments that several commands take, each refused by its own rule before anything is asked of the stack."""

from typing import Any

import click

from sallyport.accounts.email import InvalidEmail, canonical
from sallyport.accounts.roles import MAX_ROLES, TooManyRoles, distinct, is_role
from sallyport.identifiers import is_id, is_user_id

USER = "An e-mail address or a user id."


class Email(click.ParamType[str]):
    """An e-mail address, in its canonical form."""

    name = "email"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return canonical(value)
        except InvalidEmail:
            self.fail("This is not an e-mail address that Sallyport accepts.", param, ctx)


class UserName(click.ParamType[str]):
    """An e-mail address or a user id: nothing but the first has an `@`."""

    name = "user"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if "@" in value:
            return Email().convert(value, param, ctx)
        if not is_user_id(value):
            self.fail("This is neither an e-mail address nor a user id.", param, ctx)
        return str(value)


class UserId(click.ParamType[str]):
    """A user's id."""

    name = "user_id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_user_id(value):
            self.fail("This is no user id.", param, ctx)
        return str(value)


class Identifier(click.ParamType[str]):
    """A `sid` or `jti`."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_id(value):
            self.fail("This is no identifier of 22 characters.", param, ctx)
        return str(value)


class Roles(click.ParamType[tuple[str, ...]]):
    """Roles, separated by commas. None at all is an empty text."""

    name = "roles"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if not isinstance(value, str):
            return tuple(value)
        roles = tuple(role for role in value.split(",") if role)
        if not all(is_role(role) for role in roles):
            self.fail("A role is 1 to 64 of the characters A-Z a-z 0-9 _ . : -", param, ctx)
        return roles


def joined(*several: tuple[str, ...]) -> tuple[str, ...]:
    """Join roles, each once, in their order. Raises UsageError for too many."""
    try:
        return distinct(*several)
    except TooManyRoles:
        raise click.UsageError(f"A user may have {MAX_ROLES} roles at most.") from None
