"""The columns that a read asks for: those it cannot do without, and those that a project's table may lack."""

import re
from typing import Final

import msgspec

from core.resilience.fault import Fault

_LACKING: Final = re.compile(r'column (?:[\w"]+\.)?"?([^".]+?)"? does not exist')


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The columns of one table. Each of `wanted` is a column, or `alias:column->path` for one value in its JSON.

    A table without one of `needed` is none of this product's; without one of `wanted` that value is not known.
    """

    table: str
    needed: tuple[str, ...]
    wanted: tuple[str, ...] = ()

    def items(self, lacking: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return the items of the API's `select`, without what reads the columns `lacking`."""
        return (*self.needed, *(one for one in self.wanted if column_of(one) not in lacking))


class LackingColumns:
    """Remembers which wanted columns a project's tables turned out to lack, until its schema is looked at anew."""

    def __init__(self) -> None:
        self._lacking: dict[str, frozenset[str]] = {}

    def of(self, table: str) -> frozenset[str]:
        """Return the columns known to be lacking."""
        return self._lacking.get(table, frozenset())

    def note(self, selection: Selection, fault: Fault) -> bool:
        """Learn from a refusal. Returns whether it names a wanted column that was not known to be lacking."""
        found = _LACKING.search(fault.message) if fault.kind == "missing_column" else None
        known, wanted = self.of(selection.table), frozenset(map(column_of, selection.wanted))
        if found is None or found[1] in known or found[1] not in wanted:
            return False
        self._lacking[selection.table] = known | {found[1]}
        return True

    def forget(self) -> None:
        """Ask for every column again: the schema may have been changed."""
        self._lacking.clear()


def label_of(item: str) -> str:
    """Return the name by which an item of a selection stands in a row."""
    return item.partition(":")[0]


def column_of(item: str) -> str:
    """Return the column that an item of a selection reads."""
    return item.rpartition(":")[2].partition("->")[0]
