"""Marks in the error text of tasks, written before what stood there, and taken away so that it stands there again."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec

from core.backend.api_calls import ApiCalls
from core.backend.columns import each, row_id
from core.backend.conditions import begins_with, keeps_none, marked
from core.backend.faults import Failed
from core.backend.schema import TASKS
from core.backend.writes.rows import changed_ids, some
from core.domain.markers import Markers, keeping, kept

Where = Callable[[Any], Any]
"""Adds to a query the conditions of the rows that it is about."""


class ErrorTexts:
    """Writes of tasks that mark their error text, in `column`, or take a mark away. All raise Failed and nothing else.

    Nearly all tasks have no text that is to be kept: they are written at once. Of the others each text is a write.
    """

    def __init__(self, calls: ApiCalls, column: str) -> None:
        self._calls = calls
        self._column = column

    async def mark(
        self, operation: str, ids: tuple[str, ...], change: dict[str, Any], text: str, where: Where
    ) -> tuple[str, ...]:
        """Change those of up to 100 tasks that are as `where` says, and mark them by `text`. Returns which changed."""
        column = self._column

        def unsaid(query: Any) -> Any:
            return where(query).is_(column, "null")

        def by_text(old: str) -> tuple[str, Where]:
            return keeping(text, old), lambda query: where(query).or_(begins_with(column, old))

        return await self._written(operation, ids, change, (text, unsaid), by_text, where)

    async def unmark(
        self, operation: str, ids: tuple[str, ...], change: dict[str, Any], marks: Markers, where: Where
    ) -> tuple[str, ...]:
        """Change those of up to 100 tasks that are as `where` says and carry one of `marks`, and take it away.

        Returns which changed.
        """
        column = self._column

        def of_mark(query: Any) -> Any:
            return marked(where(query), marks, column)

        def alone(query: Any) -> Any:
            return keeps_none(of_mark(query), column)

        def by_text(old: str) -> tuple[str | None, Where]:
            return kept(old), lambda query: of_mark(query).or_(begins_with(column, old))

        return await self._written(operation, ids, change, (None, alone), by_text, of_mark)

    async def _written(
        self,
        operation: str,
        ids: tuple[str, ...],
        change: dict[str, Any],
        most: tuple[str | None, Where],
        by_text: Callable[[str], tuple[str | None, Where]],
        where: Where,
    ) -> tuple[str, ...]:
        changed = await self._update(operation, ids, change, *most)
        rest = tuple(name for name in ids if name not in changed)
        try:
            for old, names in (await self._texts(operation, rest, where) if rest else {}).items():
                changed += await self._update(operation, names, change, *by_text(old))
        except Failed as failed:
            if not changed:
                raise
            raise Failed(msgspec.structs.replace(failed.fault, sent=True)) from failed  # a part of it was done
        return changed

    async def _update(
        self, operation: str, ids: tuple[str, ...], change: dict[str, Any], text: str | None, where: Where
    ) -> tuple[str, ...]:
        told = change | {self._column: text}

        def build(c: Any) -> Any:
            return where(c.table(TASKS).update(told).in_("id", some(ids))).select("id")

        return changed_ids(await self._calls.rows(operation, build))

    async def _texts(self, operation: str, ids: tuple[str, ...], where: Where) -> dict[str, tuple[str, ...]]:
        """Return which error texts there are among those of the tasks that are as `where` says, each with its tasks."""
        column, found = self._column, defaultdict[str, list[str]](list)

        def build(c: Any) -> Any:
            return where(c.table(TASKS).select(f"id,{column}").in_("id", some(ids)))

        for row in each(await self._calls.rows(f"{operation}: what they say", build), column):
            if isinstance(row[column], str):
                found[row[column]].append(row_id(row))
        return {text: tuple(names) for text, names in found.items()}
