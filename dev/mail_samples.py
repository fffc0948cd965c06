"""`python -m dev.mail_samples FOLDER`: write one mail of every kind in every language, as HTML and as text.

For whoever changes templates: one that does not work fails here. tests/node/mail_sheets.mjs makes pictures of them.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from sallyport.accounts.letter import Letter, LetterKind
from sallyport.mail.composer import OURS, YOURS, Composer

SERVICE = "Example"
VALID_SECONDS = 1800

_AT = int(datetime(2026, 11, 26, 14, 2, tzinfo=UTC).timestamp())
_REQUEST = "k3Jp0vT8QwSxYb1mZr5NcA"
_LINK = f"https://app.example.com/{{page}}?token={_REQUEST}.9fQ2xW7uLhD4tKzE6mVaR1sYjBnC8oGpI0dXvM3TqUw"
_PAGES = {"verify_email": "verify-email", "reset_password": "reset-password", "confirm_email": "confirm-email"}
_BY_OPERATORS = ("password_set", "account_disabled", "account_enabled")
_BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)


def sample(kind: LetterKind, language: str = "en") -> Letter:
    """Return a letter of a kind, with everything that it can carry."""
    letter = Letter(kind=kind, to="ann@example.com", language=language, at=_AT)
    if page := _PAGES.get(kind):
        return replace(letter, request=_REQUEST, link=_LINK.format(page=page), code="48210573")
    if kind == "address_known":
        return replace(letter, request=_REQUEST)
    return letter if kind in _BY_OPERATORS else replace(letter, ip="203.0.113.7", user_agent=_BROWSER)


def languages() -> list[str]:
    """Return the languages that the templates have words in."""
    return sorted({path.parent.name for folder in (OURS, YOURS) for path in folder.glob("*/words.jinja")})


def write(folder: Path) -> Iterator[Path]:
    """Write the mails as LANGUAGE/NUMBER-KIND.html and .txt. Return the files."""
    composer = Composer(service=SERVICE, valid_seconds=VALID_SECONDS)
    for language in languages():
        (folder / language).mkdir(parents=True, exist_ok=True)
        for number, kind in enumerate(get_args(LetterKind), 1):
            mail = composer.compose(sample(kind, language))
            for suffix, body in ((".html", mail.html), (".txt", f"Subject: {mail.subject}\n\n{mail.text}")):
                path = folder / language / f"{number:02}-{kind}{suffix}"
                path.write_text(body)
                yield path


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser("python -m dev.mail_samples", description=__doc__)
    parser.add_argument("folder", type=Path)
    files = list(write(parser.parse_args(arguments).folder))
    print(f"{len(files)} files")


if __name__ == "__main__":
    main(sys.argv[1:])
