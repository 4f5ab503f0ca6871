"""What verbs print: tables and records for people, JSON for programs, progress and errors on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, NoReturn

import click
import msgspec


class Column(msgspec.Struct, frozen=True):
    """One column of a table: a field, its heading (else the field's name) and how a value is shown."""

    field: str
    heading: str = ""
    show: Callable[[Any], str] | None = None


class Failure(click.ClickException):
    """One clear line and a non-zero status."""

    def show(self, file: Any = None) -> None:
        for line in self.message.splitlines():
            click.echo(f"posthouse: {line}", err=True)


def fail(message: str) -> NoReturn:
    """End the command, status 1, with `message` on standard error."""
    raise Failure(message)


def show_table(rows: Sequence[Any], columns: Sequence[str | Column]) -> None:
    """Print structs or mappings as a table of `columns`; with --json, all fields of all rows."""
    if _json():
        show_json(rows)
        return
    shown = [_column(column) for column in columns]
    records = [plain(row) for row in rows]
    cells = [[_cell(record.get(column.field), column) for column in shown] for record in records]
    if sys.stdout.isatty():
        _show_to_people([column.heading for column in shown], cells)
    else:
        _show_aligned([[column.heading for column in shown], *cells])


def show_record(record: Any, columns: Sequence[str | Column] | None = None) -> None:
    """Print one struct or mapping, a field a line; with --json, all of it."""
    if _json():
        show_json(record)
        return
    fields = plain(record)
    shown = [_column(column) for column in (columns or list(fields))]
    width = max((len(column.heading) for column in shown), default=0)
    for column in shown:
        click.echo(f"{column.heading:<{width}}  {_cell(fields.get(column.field), column)}".rstrip())


def show_done(message: str, record: Any = None) -> None:
    """Say that something was done; with --json, print `record` (or an empty object) instead."""
    if _json():
        show_json({} if record is None else record)
    else:
        click.echo(message)


def show_json(value: Any) -> None:
    """Print as JSON."""
    click.echo(msgspec.json.format(msgspec.json.encode(plain(value)), indent=2))


def warn(message: str) -> None:
    """A line on standard error that ends nothing."""
    click.echo(f"posthouse: {message}", err=True)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error, when that is a terminal; call what it gives with the count of steps done since.

    `total` may be None when it is not known.
    """
    if not sys.stderr.isatty():
        yield lambda _steps: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=total)
        yield lambda steps: bars.advance(task, steps)


def plain(value: Any) -> Any:
    """Structs as mappings by field name (also those stored as arrays), bytes as hexadecimal."""
    if isinstance(value, msgspec.Struct):
        return {field: plain(getattr(value, field)) for field in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.name.lower() if value.name else value.value
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return value


def _json() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context is not None and context.obj is not None and context.obj.json)


def _column(column: str | Column) -> Column:
    if isinstance(column, str):
        column = Column(column)
    return column if column.heading else msgspec.structs.replace(column, heading=column.field.replace("_", " "))


def _cell(value: Any, column: Column) -> str:
    if column.show is not None:
        return column.show(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)


def _show_to_people(headings: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only people need it
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False).print(table)


def _show_aligned(lines: list[list[str]]) -> None:
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
