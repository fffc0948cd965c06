"""The passwords that are guessed first, and how they are looked up."""

import unicodedata
from typing import Protocol


class Blocklist(Protocol):
    """Passwords that nobody may choose, in their caseless form."""

    def __contains__(self, known_as: str, /) -> bool:
        """Tell whether a text, which is in its caseless form, is one of them. Raises Unavailable."""
        ...


def caseless(text: str) -> str:
    """Bring a text into the form in which it is compared with what is forbidden: NFC and lower case. Idempotent."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def shipped(min_length: int) -> Blocklist:
    """Return the blocklist that comes with this package, for passwords of at least `min_length` code points."""
    raise NotImplementedError
