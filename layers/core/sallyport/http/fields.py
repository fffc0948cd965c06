"""The fields of a JSON body: the known ones, each of its type, and no others."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sallyport.errors import FieldError, InvalidField, InvalidRequest, UnknownField

_Word = TypeVar("_Word", bound=str)

_MAX_NAMED = 5
_MAX_NAME_LENGTH = 64


@contextmanager
def fields_of(body: Mapping[str, Any], known: Collection[str]) -> Iterator["Fields"]:
    """Give a block the fields of a body to read. Use the values after the block: it ends with an error if one is wrong.

    Raises UnknownField at once, and InvalidRequest at the end of the block for everything that was wrong.
    """
    unknown = [name for name in body if name not in known]
    if unknown:
        raise UnknownField(
            [
                FieldError(name[:_MAX_NAME_LENGTH], "unknown_field", "This endpoint does not know this field.")
                for name in unknown[:_MAX_NAMED]
            ]
        )
    fields = Fields(body)
    yield fields
    match fields.errors:
        case []:
            return
        case [error] if error.code in InvalidField.CODES:
            raise InvalidField(error)
        case errors:
            raise InvalidRequest(errors)


class Fields:
    """Reads fields and collects what is wrong with them, so that a client learns of everything at once."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self.errors: list[FieldError] = []

    def text(self, name: str) -> str:
        """Return a required text, or "" after noting that it is missing or no string."""
        if name not in self._body:
            self.refuse(name, "missing", "This field is required.")
            return ""
        return self._text(name, self._body[name])

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None where there is none. `null` counts as absent, here and in every optional field."""
        value = self._body.get(name)
        return None if value is None else self._text(name, value)

    def flag(self, name: str) -> bool:
        """Return a boolean, which is false where there is none."""
        value = self._body.get(name)
        if value is not None and not isinstance(value, bool):
            self.refuse(name, "wrong_type", "This field must be true or false.")
        return value is True

    def choice(self, name: str, default: _Word, *others: _Word) -> _Word:
        """Return one of the words, which is `default` where there is none."""
        value = self._body.get(name)
        if value is not None and value not in (default, *others):
            self.refuse(name, "not_allowed", f"This field must be one of: {', '.join((default, *others))}.")
        return next((word for word in others if word == value), default)

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        self.refuse(name, "wrong_type", "This field must be a string.")
        return ""

    def refuse(self, name: str, code: str, detail: str) -> None:
        """Note what is wrong with a field. The first thing that is wrong with it counts."""
        if all(error.field != name for error in self.errors):
            self.errors.append(FieldError(name, code, detail))
