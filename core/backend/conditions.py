"""Filters as conditions of the API's language: the one place where what a person typed goes into a request.

The official client escapes nothing within `or=(…)`, and the API reads `*` as `%` wherever it compares with LIKE.
"""

import re
from datetime import datetime
from typing import Any

import msgspec

from core.backend.timestamps import stamp, until
from core.domain.markers import Markers
from core.domain.queries import Filter, is_uuid


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """The columns by which a table is filtered: its status and kind, its texts and its ids.

    `statuses` spells a status as the table does; empty: as it is. `of_task` are the conditions any of which makes a row
    a task's, with `{task}` for its id; none where no row belongs to a task.
    """

    status: str
    kind: str
    words: tuple[str, ...]
    ids: tuple[str, ...]
    of_task: tuple[str, ...]
    statuses: dict[str, str] = {}


def narrowed(query: Any, given: Filter, where: Searched) -> Any:
    """Return `query` for the rows that match."""
    if given.status:
        spelt = where.statuses
        statuses = tuple(spelt[one] for one in given.status if one in spelt) if spelt else given.status
        query = query.filter(where.status, "in", _list(statuses))
    if given.kind:
        query = query.or_(",".join(_of_kind(given.kind, where.kind)))
    for word in given.words:
        query = query.or_(",".join(_containing(word, where)))
    if given.task:
        query = query.or_(",".join(one.replace("{task}", given.task) for one in where.of_task))
    return query


def marked(query: Any, marks: Markers, column: str) -> Any:
    """Return `query` for the tasks whose error text, in `column`, has one of `marks`. Raises ValueError for none."""
    if not marks:
        raise ValueError("no mark names no task")
    begun = [f"{column}.like.{quoted(f'{_literally(mark)}%')}" for mark in marks.begins]
    like = [f"{column}.like.{quoted(pattern)}" for pattern in marks.patterns]
    never = [f"and({column}.like.{quoted(pattern)},started_at.is.null)" for pattern in marks.unstarted]
    noted = []
    if marks.unstarted and marks.pending:
        function = ",".join(f"{column}.like.{quoted(pattern)}" for pattern in marks.unstarted)
        noted = [f"and(or({function}),id.in.{_list(marks.pending)})"]
    return query.or_(",".join((*begun, *like, *never, *noted)))


def past(query: Any, column: str, since: datetime) -> Any:
    """Return `query` for the rows written since `since`, but not later than now by the database's clock."""
    return query.gte(column, stamp(since)).lte(column, until(None))


Place = tuple[datetime, str]
"""The place of a row in a table that is sorted by time and id, newest first; rows without a time stand above all."""


def not_before(place: Place, column: str) -> str:
    """Return the condition that a row stands at `place` or above it, sorted by the time in `column`."""
    at, name = stamp(place[0]), place[1]
    return f"{column}.is.null,{column}.gt.{at},and({column}.eq.{at},id.gte.{quoted(name)})"


def quoted(text: str) -> str:
    """Quote `text` as a value within a list or a tree of conditions."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(values: tuple[str, ...]) -> str:
    return f"({','.join(map(quoted, values))})"


def _of_kind(kinds: tuple[str, ...], column: str) -> list[str]:
    whole = tuple(kind for kind in kinds if not kind.endswith("*"))
    begun = [quoted(f"{_literally(kind[:-1])}%") for kind in kinds if kind.endswith("*")]
    return [*([f"{column}.in.{_list(whole)}"] if whole else []), *(f"{column}.like.{pattern}" for pattern in begun)]


def _containing(word: str, where: Searched) -> list[str]:
    # LIKE cannot be told that a star is one, so such a word is looked for by a regular expression.
    condition = f"imatch.{quoted(re.escape(word))}" if "*" in word else f"ilike.{quoted(f'%{_literally(word)}%')}"
    found = [f"{column}.{condition}" for column in where.words]
    return [*found, *(f"{column}.eq.{word}" for column in where.ids)] if is_uuid(word) else found


def _literally(text: str) -> str:
    """Escape `text` for LIKE: its wildcards and the escape character itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
