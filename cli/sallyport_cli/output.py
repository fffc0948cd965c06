"""What a command answers: one document, as tables for people and as JSON for programs."""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.table import Table

_IS_TIME = re.compile(r"\w+_at|iat|exp|auth_time|signs_from")
_LAST_TIME = 253_402_300_799  # the end of the year 9999
_WIDTH_OF_A_PIPE = 1000  # who reads by a program wants one row on one line


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


def show(answer: Answer, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(answer.document, indent=2))
        return
    from rich.console import Console  # noqa: PLC0415  # slow to load, and `--help` needs none of it
    from rich.text import Text  # noqa: PLC0415

    console = Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE, highlight=False)
    with console.capture() as captured:
        for number, (heading, table) in enumerate(_tables(answer.document)):
            if heading:
                console.print(Text(f"\n{heading}" if number else heading, style="bold"))
            console.print(table)
        if answer.note:
            console.print(Text(answer.note))
    click.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _tables(document: Mapping[str, Any]) -> Iterator[tuple[str, "Table"]]:
    """Lay out the values first, then each part under its name."""
    values = {name: value for name, value in document.items() if not _is_part(value)}
    if values:
        yield "", _details(values)
    for name, part in document.items():
        if _is_part(part):
            yield _label(name), _details(part) if isinstance(part, Mapping) else _rows(part)


def _is_part(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, list) and bool(value) and isinstance(value[0], Mapping))


def _details(values: Mapping[str, Any]) -> "Table":
    table = _table()
    for name, value in values.items():
        _add(table, [_label(name), _cell(name, value)])
    return table


def _rows(rows: Sequence[Mapping[str, Any]]) -> "Table":
    """Lay out rows of the same names under a head."""
    table = _table()
    _add(table, [_label(name) for name in rows[0]], style="bold")
    for row in rows:
        _add(table, [_cell(name, value) for name, value in row.items()])
    return table


def _table() -> "Table":
    from rich.table import Table  # noqa: PLC0415

    return Table.grid(padding=(0, 2))


def _add(table: "Table", cells: list[str], *, style: str = "") -> None:
    """Add a row as it is: in a Text brackets are brackets, never rich's markup."""
    from rich.text import Text  # noqa: PLC0415

    table.add_row(*(Text(printable(cell), style=style, overflow="fold") for cell in cells))


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
