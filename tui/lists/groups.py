"""Tasks in groups: how many have what in common, as they were read when the list was opened."""

from collections.abc import Sequence
from datetime import datetime

from core.base.text import plural
from core.domain.queries import Listing, Table, filter_text
from core.domain.snapshot import Snapshot
from core.domain.task_groups import TaskGroup, TaskGroups
from tui.actions.ui import Ui
from tui.lists.listed import Details, Listed, fields, when
from tui.panels.row_list import Column, Row
from tui.rendering.text import Line, ago

_NONE = "(none)"


class GroupList(Listed):
    """One row for each group, the largest first. `listing`: what was grouped; `at`: when."""

    NAME = "groups"
    TITLE = "Groups"
    EMPTY = "no task has this in common"
    COLUMNS = (
        Column(title="tasks", width=7, right=True),
        Column(title="first", width=7, right=True, drops=1, moment=True),
        Column(title="last", width=7, right=True, moment=True),
        Column(title="in common"),
    )

    def __init__(self, ui: Ui, listing: Listing, found: TaskGroups, at: datetime) -> None:
        super().__init__(ui)
        self.listing, self.found, self._at = listing, found, at

    def state(self, snapshot: Snapshot) -> Line:
        """Return what was grouped by what, when, and whether that is all that matches."""
        words = filter_text(self.listing.filter, Table.TASKS)
        part = "" if self.found.whole else f" of the newest {plural(self.found.looked, 'task')}"
        return (
            (f"  by {self.found.by.value}{part}", "text"),
            (f"  {words}" if words else "", "warning"),
            (f"  read {ago(self._at, snapshot.at)}", "dim"),
        )

    def rows(self, snapshot: Snapshot) -> Sequence[Row]:
        """Return the groups."""
        return [
            Row(
                key=f"{place}",
                cells=(
                    (f"{one.count:,}", "strong", one.count),
                    (one.first_at, "dim"),
                    (one.last_at, "dim"),
                    (one.name or _NONE, "text"),
                ),
            )
            for place, one in enumerate(self.found.groups)
        ]

    def group(self, key: str) -> TaskGroup:
        """Return the group of a row."""
        return self.found.groups[int(key)]

    def details(self, key: str, snapshot: Snapshot) -> Details | None:
        """Return one group in full."""
        one = self.group(key)
        text = fields(
            ("in common", one.name or _NONE),
            ("tasks", f"{one.count:,}"),
            ("statuses", ", ".join(status.replace("_", " ") for status in one.by_status)),
            ("first", when(one.first_at, snapshot.at)),
            ("last", when(one.last_at, snapshot.at)),
            ("one of them", one.ids[0]),
        )
        return Details(heading=plural(one.count, "task"), text=text)
