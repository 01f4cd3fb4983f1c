"""The columns that a read asks for: those it cannot do without, and those that a project's table may lack."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from core.backend.columns import Row, lacking
from core.resilience.fault import Fault

_LACKING: Final = re.compile(r'column (?:[\w"]+\.)?"?([^".]+?)"? does not exist')
_ODD_JSON: Final = {"22P02", "22P05"}
"""The codes of a row whose JSON PostgreSQL cannot take apart: `json` keeps escapes that are no characters."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of one table. Each item is a column, or `alias:column->path` for one value in its JSON.

    A table without one of `needed` is none of this product's; without one of `wanted` that value is not known.
    """

    table: str
    needed: tuple[str, ...]
    wanted: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """A selection as one table can be asked for it. `whole`: JSON columns are read whole and taken apart here."""

    items: tuple[str, ...]
    whole: bool

    @property
    def select(self) -> str:
        """Return the value of `select` in the API's language."""
        return ",".join(dict.fromkeys(map(column_of, self.items)) if self.whole else self.items)

    def read(self, rows: list[Row]) -> list[Row]:
        """Return the rows with each item under its name. Raises Failed for a row that lacks what was asked for."""
        for row in rows:
            lacking(row, *(map(column_of, self.items) if self.whole else map(label_of, self.items)))
        return [taken_apart(row, self.items) for row in rows] if self.whole else rows


class TableQuirks:
    """Remembers how each table has to be asked, until the project's schema is looked at anew.

    A wanted column may be lacking, and a row may hold JSON that PostgreSQL cannot take apart.
    """

    def __init__(self) -> None:
        self._lacking: dict[str, frozenset[str]] = {}
        self._whole: set[str] = set()

    def asked(self, selection: Selection) -> Asked:
        """Return what to ask a table for."""
        absent = self._lacking.get(selection.table, frozenset())
        wanted = (one for one in selection.wanted if column_of(one) not in absent)
        return Asked((*selection.needed, *wanted), selection.table in self._whole)

    def learn(self, selection: Selection, asked: Asked, fault: Fault) -> bool:
        """Learn from a refusal of what was asked. Returns whether the selection is worth another try."""
        table = selection.table
        if fault.code in _ODD_JSON and any("->" in one for one in asked.items):
            (self._whole.discard if asked.whole else self._whole.add)(table)  # asked whole, it was a filter's value
            return not asked.whole
        found = _LACKING.search(fault.message) if fault.kind == "missing_column" else None
        asked_for = set(map(column_of, asked.items)) - set(map(column_of, selection.needed))
        if found is None or found[1] not in asked_for:
            return False
        self._lacking[table] = self._lacking.get(table, frozenset()) | {found[1]}
        return True

    def forget(self) -> None:
        """Ask for everything again: the schema may have been changed."""
        self._lacking.clear()
        self._whole.clear()


def column_of(item: str) -> str:
    """Return the column that an item of a selection reads."""
    return item.rpartition(":")[2].partition("->")[0]


def label_of(item: str) -> str:
    """Return the name by which an item of a selection stands in a row."""
    return item.partition(":")[0]


def taken_apart(row: Row, items: Iterable[str]) -> Row:
    """Return a row that was read whole with each item's value under its name."""
    return row | {label_of(item): value_at(row, item.rpartition(":")[2]) for item in items if "->" in item}


def value_at(row: Row, path: str) -> Any:
    """Return the value that PostgreSQL finds at `column->key->…` of a row that was read whole; `None` for none."""
    column, *keys = path.split("->")
    value = row.get(column)
    for key in keys:
        if key.isdigit():  # PostgreSQL takes a value alone for a list of one
            value = None if isinstance(value, dict) else next(iter(value), None) if isinstance(value, list) else value
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value
