"""The form of a command's result: text for people, --csv for a spreadsheet, --json for programs."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

import click
import msgspec

from tui.cli.session import put, put_json
from tui.rendering.csv_cells import csv_cell

F = TypeVar("F", bound=Callable[..., Any])

CSV: Final = "csv"
JSON: Final = "json"


class Sheet(msgspec.Struct, frozen=True):
    """A result as rows of values, below the names of their columns."""

    columns: tuple[str, ...]
    rows: Iterable[Sequence[Any]]


def takes_form(command: F) -> F:
    """Give a command the options `--csv` and `--json`; it gets the one given as `form`, or `None`."""
    command = click.option("--json", "form", flag_value=JSON, help="Print JSON, for scripts.")(command)
    return click.option("--csv", "form", flag_value=CSV, help="For a spreadsheet.")(command)


def put_as(
    form: str | None, *, text: Callable[[], str], sheet: Callable[[], Sheet], data: Callable[[], dict[str, Any]]
) -> None:
    """Print a result on stdout in the form that was asked for; of the three only that one is made."""
    if form == JSON:
        put_json({"version": 1} | data())
    elif form == CSV:
        _put_csv(sheet())
    else:
        put(text())


def fields_of(columns: tuple[str, ...], records: Iterable[Any]) -> Sheet:
    """Return fields of records as a sheet."""
    return Sheet(columns, [[getattr(record, name) for name in columns] for record in records])


def items_of(columns: tuple[str, ...], records: Iterable[dict[str, Any]]) -> Sheet:
    """Return values of JSON objects as a sheet."""
    return Sheet(columns, [[record[name] for name in columns] for record in records])


def _put_csv(sheet: Sheet) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(sheet.columns)
    writer.writerows([csv_cell(value) for value in row] for row in sheet.rows)
    click.echo(text.getvalue(), nl=False)
