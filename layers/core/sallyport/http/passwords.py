"""The fields that hold a password."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sallyport.accounts.password import NormalPassword, PasswordRefused, normal
from sallyport.errors import FieldError, InvalidField
from sallyport.http.fields import Fields


def password(
    fields: Fields, name: str = "password", *, read: Callable[[str], NormalPassword] = normal
) -> NormalPassword:
    """Return a password in the form in which it is hashed. `read` holds it to rules, which a new one has.

    Raises Unavailable if `read` does.
    """
    typed = fields.text(name)
    try:
        return read(typed)
    except PasswordRefused as refusal:
        fields.refuse(name, refusal.code, refusal.detail)
        return normal("")


@contextmanager
def refusing(name: str = "password") -> Iterator[None]:
    """Let a password that is refused in the block be what is wrong with a field. Raises InvalidField."""
    try:
        yield
    except PasswordRefused as refusal:
        raise InvalidField(FieldError(name, refusal.code, refusal.detail)) from None
