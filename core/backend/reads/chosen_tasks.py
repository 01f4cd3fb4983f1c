"""Reads for actions on chosen tasks: each as it is before the change, and what the change made of it."""

import hashlib
import json
from datetime import datetime
from typing import Any, Final

from core.backend.columns import Columns, Row, row_id
from core.backend.conditions import has_value
from core.backend.reads.read import Subject, read
from core.backend.rows import task_of, task_selection
from core.backend.schema import TASKS
from core.backend.selection import Selection
from core.backend.timestamps import stamp
from core.base.text import clean
from core.domain.records import ChosenTask, ColumnValue

LINKS: Final = {"github_pr_url": "pull request", "gitkraken_patch_url": "patch"}
"""Columns with an address that a reviewer wants to open, and what it is of."""

_DECIDING: Final = ("autonomy_level", "requires_approval", "files_affected", *LINKS)
_NOT_DECIDING: Final = frozenset({"completed_at"})
_FILES_READ: Final = 20
_FILE_CHARS: Final = 120
_LINK_CHARS: Final = 300


class ChosenTaskReads(Subject):
    """Typed reads of tasks that are about to be changed, or were."""

    @read("db:fetch_chosen_tasks")
    async def of_ids(self, ids: tuple[str, ...]) -> tuple[ChosenTask, ...]:
        """Return those of up to 100 tasks that are visible to this account, in the order of `ids`."""
        selection = chosen_selection(self._schema.error_column)
        rows = await self._calls.selected("read chosen tasks", selection, lambda query: query.in_("id", list(ids)))
        found = {one.id: one for one in (self._calls.oddities.see("task", chosen_of(row)) for row in rows)}
        return tuple(found[name] for name in ids if name in found)

    @read("db:read_back_chosen")
    async def in_status(
        self,
        ids: tuple[str, ...],
        statuses: tuple[str, ...],
        *,
        approved: bool = False,
        reviewed: tuple[datetime, datetime] | None = None,
    ) -> tuple[str, ...]:
        """Return which of up to 100 tasks are in one of `statuses`.

        `approved`: only those that need no approval; `reviewed`: only those that were reviewed in that time.
        """

        def build(c: Any) -> Any:
            query = c.table(TASKS).select("id").in_("id", list(ids)).in_("status", list(statuses))
            query = query.is_("requires_approval", "false") if approved else query
            if reviewed is not None:
                query = query.gte("reviewed_at", stamp(reviewed[0])).lte("reviewed_at", stamp(reviewed[1]))
            return query

        return tuple(map(row_id, await self._calls.rows("read back chosen tasks", build)))

    @read("db:read_back_values")
    async def with_value(
        self, ids: tuple[str, ...], column: str, value: ColumnValue, *, statuses: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Return which of up to 100 tasks have this value in a column; `statuses`: and are in one of these."""

        def build(c: Any) -> Any:
            query = has_value(c.table(TASKS).select("id").in_("id", list(ids)), column, value)
            return query.in_("status", list(statuses)) if statuses else query

        return tuple(map(row_id, await self._calls.rows("read back values", build)))


def chosen_selection(error_column: str) -> Selection:
    """Return the columns that `chosen_of` reads; `error_column`: this shape's name for what went wrong."""
    base = task_selection(error_column)
    return Selection(table=TASKS, needed=base.needed, wanted=(*base.wanted, *_DECIDING))


def chosen_of(row: Row) -> ChosenTask:
    """Return a task row with what a decision about it goes by. Raises Failed when it is none."""
    read = Columns(row)
    files = row.get("files_affected")
    names = [one for one in files if isinstance(one, str)] if isinstance(files, list) else []
    links = ((words, read.text(name, _LINK_CHARS)) for name, words in LINKS.items())
    return ChosenTask(
        task=task_of(row),
        digest=_digest(row),
        level=read.whole("autonomy_level"),
        requires_approval=row.get("requires_approval") is True,
        assigned_json=json.dumps(who if isinstance(who := row.get("assigned_to"), str) else None),
        files=tuple(clean(one, _FILE_CHARS) for one in names[:_FILES_READ]),
        file_count=len(names),
        links=tuple((words, address) for words, address in links if address),
    )


def _digest(row: Row) -> str:
    """Return a short text that is another one once anything of the row is other that a decision goes by."""
    said = sorted((name, value) for name, value in row.items() if name not in _NOT_DECIDING)
    return hashlib.sha256(repr(said).encode(errors="surrogatepass")).hexdigest()[:32]
