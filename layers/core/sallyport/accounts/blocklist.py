"""The passwords that are guessed first, and how they are looked up.

A list is a file: the SHA-256 of what follows it, then the first six bytes of each password's SHA-256, sorted. So a
process reads the few pages that a search needs, and one password in a billion is taken for another. The files are made
when the layer is built, by layers/core/make_blocklists.py.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Protocol

from sallyport.errors import BlocklistUnreadable
from sallyport.values import dataclass

ENTRY_BYTES = 6
CHECKSUM_BYTES = 32

LONG_LENGTH = 15
"""From here on one list, below another: NIST's minimum for a password that is the only factor (SP 800-63B-4)."""

SHORT_LENGTH = 8
"""No setting allows fewer code points."""

SHIPPED = Path(__file__).with_name("blocklists")
LONG = "long.bin"
SHORT = "short.bin"


class Blocklist(Protocol):
    """Passwords that nobody may choose, in their caseless form."""

    def __contains__(self, known_as: str, /) -> bool:
        """Tell whether a text, which is in its caseless form, is one of them. Raises Unavailable."""
        ...


def caseless(text: str) -> str:
    """Bring a text into the form in which it is compared with what is forbidden: NFC and lower case. Idempotent."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def packed(known_as: Iterable[str]) -> bytes:
    """Return the file that lists these texts, which are in their caseless form. The same texts give the same bytes."""
    body = b"".join(sorted({_entry(text) for text in known_as}))
    return sha256(body).digest() + body


def shipped(min_length: int, folder: Path = SHIPPED) -> Blocklist:
    """Return the list that comes with this package, for passwords of at least `min_length` code points.

    Files are opened at the first look-up, and only those that such passwords can be in.
    """
    long = ListFile(folder / LONG)
    return long if min_length >= LONG_LENGTH else Either(ListFile(folder / SHORT), long)


class ListFile:
    """One file. It is opened and checked at the first look-up; a file that cannot be trusted refuses every look-up."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __contains__(self, known_as: str, /) -> bool:
        """Tell whether a text is listed. Raises BlocklistUnreadable."""
        wanted = _entry(known_as)
        entries = range(CHECKSUM_BYTES, len(self._data), ENTRY_BYTES)
        place = bisect_left(entries, wanted, key=self._at)
        return place < len(entries) and self._at(entries[place]) == wanted

    def _at(self, offset: int) -> bytes:
        return self._data[offset : offset + ENTRY_BYTES]

    @cached_property
    def _data(self) -> mmap:
        try:
            with self._path.open("rb") as file:
                data = mmap(file.fileno(), 0, access=ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise BlocklistUnreadable(
                self._path.name, "missing" if isinstance(error, FileNotFoundError) else "unreadable"
            ) from error
        with memoryview(data) as view:
            listed = view[CHECKSUM_BYTES:]
            is_whole = len(listed) > 0 and len(listed) % ENTRY_BYTES == 0
            if not is_whole or sha256(listed).digest() != view[:CHECKSUM_BYTES]:
                raise BlocklistUnreadable(self._path.name, "damaged")
        return data


@dataclass(frozen=True, slots=True)
class Either:
    """Two lists as one."""

    one: Blocklist
    other: Blocklist

    def __contains__(self, known_as: str, /) -> bool:
        return known_as in self.one or known_as in self.other


def _entry(known_as: str) -> bytes:
    return sha256(known_as.encode("utf-8")).digest()[:ENTRY_BYTES]
