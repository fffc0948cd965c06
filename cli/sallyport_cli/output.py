"""What a command returns: one document, as tables for people and as JSON for programs."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_IS_TIME = re.compile(r"\w+_at|iat|exp|auth_time|signs_from")
_LAST_TIME = 253_402_300_799  # the end of the year 9999
_UNBROKEN = 100_000  # columns: an identifier that is broken over lines cannot be copied


@dataclass(frozen=True, slots=True)
class Answer:
    """`document` is what `--json` prints, with names that stay; values are plain, mappings, or lists of mappings.

    Times are seconds since the epoch. `note` is a sentence for people.
    """

    document: Mapping[str, Any]
    note: str = ""


def printable(text: str) -> str:
    """Make text harmless to a terminal: what moves its cursor or turns its writing around is spelled out instead."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


@contextmanager
def writing(failed: str = "standard output cannot be written to") -> Iterator[None]:
    """Turn what goes wrong with standard output into one line that begins with `failed`."""
    if sys.stdout is None:  # the shell's `>&-`
        raise click.ClickException("standard output is closed")
    try:
        yield
    except OSError as error:
        # What is still in the buffer would fail once more when Python ends, with a stack trace.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.ClickException(f"{failed}: {error.strerror}") from None


def show(answer: Answer, *, as_json: bool) -> None:
    text = json.dumps(answer.document, indent=2) if as_json else _for_people(answer)
    with writing("the command was carried out, but what came of it cannot be written to standard output"):
        click.echo(text)


def _for_people(answer: Answer) -> str:
    """Lay an answer out. The terminal may wrap a long line; a line that we broke could not be copied."""
    from rich.console import Console  # noqa: PLC0415  # slow to load, and `--help` needs none of it
    from rich.text import Text  # noqa: PLC0415

    is_terminal, text = sys.stdout.isatty(), StringIO()
    console = Console(file=text, force_terminal=is_terminal, width=_UNBROKEN, highlight=False)
    width = Console().width if is_terminal else _UNBROKEN
    for number, (heading, table) in enumerate(_tables(answer.document, console, width)):
        if heading:
            console.print(Text(f"\n{heading}" if number else heading, style="bold"))
        console.print(table)
    if answer.note:
        console.print(Text(answer.note))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _tables(document: Mapping[str, Any], console: "Console", width: int) -> Iterator[tuple[str, "Table"]]:
    """Lay out values that stand together, and each part under its name."""
    for is_part, several in groupby(document.items(), lambda item: _is_part(item[1])):
        if not is_part:
            yield "", _details(dict(several))
            continue
        for name, part in several:
            yield _label(name), _details(part) if isinstance(part, Mapping) else _rows(part, console, width)


def _is_part(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _details(values: Mapping[str, Any]) -> "Table":
    table = _table()
    for name, value in values.items():
        _add(table, [_label(name), _cell(name, value)])
    return table


def _rows(rows: Sequence[Mapping[str, Any]], console: "Console", width: int) -> "Table":
    """Lay out rows of the same names under a head, or one below the other where they are too wide for that."""
    table = _table()
    _add(table, [_label(name) for name in rows[0]], style="bold")
    for row in rows:
        _add(table, [_cell(name, value) for name, value in row.items()])
    if console.measure(table).maximum <= width:
        return table
    blocks = _table()
    for number, row in enumerate(rows):
        if number:
            _add(blocks, ["", ""])
        for name, value in row.items():
            _add(blocks, [_label(name), _cell(name, value)])
    return blocks


def _table() -> "Table":
    from rich.table import Table  # noqa: PLC0415

    return Table.grid(padding=(0, 2))


def _add(table: "Table", cells: list[str], *, style: str = "") -> None:
    """Add a row as it is: in a Text brackets are brackets, never rich's markup."""
    from rich.text import Text  # noqa: PLC0415

    table.add_row(*(Text(printable(cell), style=style, no_wrap=True) for cell in cells))


def _label(name: str) -> str:
    return name.replace("_", " ")


def _cell(name: str, value: Any) -> str:
    match value:
        case None | "" | () | []:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() if _IS_TIME.fullmatch(name) and 0 <= value <= _LAST_TIME:
            return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        case str():
            return value
        case list() | tuple() if all(isinstance(word, str) for word in value):
            return ", ".join(value)
        case _:
            return json.dumps(value)
