"""Roles: words that the protected API gives a meaning to."""

import re

MAX_ROLES = 32

_ROLE = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)  # the authorizer's context joins roles by spaces


class TooManyRoles(ValueError):
    """More roles than an authorizer should carry around."""


def is_role(text: str) -> bool:
    """Tell whether a text can be a role: 1 to 64 of the characters `A-Z a-z 0-9 _ . : -`."""
    return _ROLE.fullmatch(text) is not None


def distinct(*several: tuple[str, ...]) -> tuple[str, ...]:
    """Join roles, each once, in their order. Raises TooManyRoles for more than 32."""
    roles = tuple(dict.fromkeys(role for roles in several for role in roles))
    if len(roles) > MAX_ROLES:
        raise TooManyRoles
    return roles
