"""Filters as conditions of the API's language: the one place where what a person typed goes into a request.

The official client escapes nothing within `or=(…)`, and the API reads `*` as `%` wherever it compares with LIKE.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from core.backend.timestamps import stamp, until
from core.base.time_input import moment_of, span_of
from core.domain.markers import KEPT, Markers
from core.domain.prefixes import stands_for
from core.domain.queries import Filter, is_uuid
from core.domain.task_groups import PLACEHOLDERS


class Searched(msgspec.Struct, frozen=True, kw_only=True):
    """The columns by which a table is filtered: its status and kind, its texts and its ids.

    `statuses` spells a status as the table does; empty: as it is. `of_task` are the conditions any of which makes a row
    a task's, with `{task}` for its id; none where no row belongs to a task. `took`: a duration in milliseconds.
    """

    status: str
    kind: str
    words: tuple[str, ...]
    ids: tuple[str, ...]
    of_task: tuple[str, ...]
    time: str
    statuses: dict[str, str] = {}
    who: str = ""
    risk: str = ""
    error: str = ""
    took: str = ""


_IMPOSSIBLE: Final = timedelta(hours=1)
"""What was filed so long after now has no time that counts."""

_TOLD_CHARS: Final = 80
"""The characters of a text that a condition compares."""


def over_by(column: str, until: datetime | None) -> str:
    """Return the condition that a row was over by `until`, as terms of `or`; one without a time that is one was."""
    unsaid = f"{column}.is.null,{column}.gt.2199-12-31,{column}.lt.1970-01-01"
    return unsaid if until is None else f"{unsaid},{column}.lte.{stamp(until)}"


def filed_by(until: datetime) -> str:
    """Return the condition that a task was filed by `until`, as terms of `or`; a time long after that is none."""
    return f"created_at.is.null,created_at.lte.{stamp(until)},created_at.gt.{stamp(until + _IMPOSSIBLE)}"


def has_value(query: Any, column: str, value: str | int | None) -> Any:
    """Return `query` for the rows whose column has this value, or is not set."""
    return query.is_(column, "null") if value is None else query.eq(column, value)


def has_another_value(query: Any, column: str, value: str | int | None) -> Any:
    """Return `query` for the rows whose column has another value than this, or is not set."""
    if value is None:
        return query.not_.is_(column, "null")
    return query.or_(f"{column}.is.null,{column}.neq.{quoted(f'{value}')}")


def narrowed(query: Any, given: Filter, where: Searched, now: datetime) -> Any:
    """Return `query` for the rows that match; `now`: what its times are counted from."""
    if given.status:
        query = query.filter(where.status, "in", _list(_spelt(given.status, where)))
    if given.risk:
        query = query.filter(where.risk, "in", _list(given.risk))
    for values, column in ((given.kind, where.kind), (given.who, where.who)):
        if values:
            query = query.or_(",".join(_of_kind(values, column)))
    for word in given.words:
        query = query.or_(",".join(_containing(word, where)))
    for text in given.error:
        query = query.or_(f"{where.error}.{_has_cause(text)}")
    if given.task:
        query = query.or_(",".join(one.replace("{task}", given.task) for one in where.of_task))
    for text, compare in ((given.since, query.gte), (given.until, query.lte)):
        if text and (at := moment_of(text, now)) is not None:
            query = compare(where.time, stamp(at))
    for text, compare in ((given.over, query.gt), (given.under, query.lt)):
        if text and (span := span_of(text)) is not None:
            query = compare(where.took, span // timedelta(milliseconds=1))
    for one in given.but:
        if without := _without(one, where):
            query = query.or_(f"and({','.join(without)})")
    return query


def _without(given: Filter, where: Searched) -> list[str]:
    """Return the conditions that a row matches nothing of a filter; null matches nothing."""
    found = []
    for values, column in ((_spelt(given.status, where), where.status), (given.risk, where.risk)):
        found += [f"{column}.in.{_list(values)}"] if values else []
    for values, column in ((given.kind, where.kind), (given.who, where.who)):
        found += _of_kind(values, column) if values else []
    found += [condition for word in given.words for condition in _containing(word, where)]
    found += [f"{where.error}.{_has_cause(text)}" for text in given.error]
    return [_negated(condition) for condition in found]


def _negated(condition: str) -> str:
    """Return that a condition `column.operator.value` does not hold, or that the column is null."""
    column, operator, value = condition.split(".", 2)
    return f"or({column}.is.null,{column}.not.{operator}.{value})"


def _spelt(statuses: tuple[str, ...], where: Searched) -> tuple[str, ...]:
    spelt = where.statuses
    return tuple(spelt[one] for one in statuses if one in spelt) if spelt else statuses


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


def without_mark(query: Any, mark: str, column: str) -> Any:
    """Return `query` for the tasks whose error text, in `column`, does not begin with `mark`."""
    return query.or_(f"{column}.is.null,{column}.not.like.{quoted(f'{_literally(mark)}%')}")


def begins_with(column: str, text: str) -> str:
    """Return the condition, for an `or`, that a column has a text, as far as a request can tell: its beginning."""
    return f"{column}.{_begins_with(text[:_TOLD_CHARS])}"


def keeps_none(query: Any, column: str) -> Any:
    """Return `query` for the tasks whose error text, in `column`, keeps no other behind its mark."""
    return query.or_(f"{column}.not.like.{quoted(f'%{KEPT}%')}")


def past(query: Any, column: str, since: datetime) -> Any:
    """Return `query` for the rows written since `since`, but not later than now by the database's clock."""
    return query.gte(column, stamp(since)).lte(column, until(None))


Place = tuple[datetime, str]
"""The place of a row in a table that is sorted by time and id, newest first; rows without a time stand above all."""


def not_before(place: Place, column: str) -> str:
    """Return the condition that a row stands at `place` or above it, sorted by the time in `column`."""
    at, name = stamp(place[0]), place[1]
    return f"{column}.is.null,{column}.gt.{at},and({column}.eq.{at},id.gte.{quoted(name)})"


def below(place: Place, column: str) -> str:
    """Return the condition that a row stands below `place`, sorted by the time in `column`."""
    at, name = stamp(place[0]), place[1]
    return f"{column}.lt.{at},and({column}.eq.{at},id.lt.{quoted(name)})"


def quoted(text: str) -> str:
    """Quote `text` as a value within a list or a tree of conditions."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(values: tuple[str, ...]) -> str:
    return f"({','.join(map(quoted, values))})"


def _of_kind(kinds: tuple[str, ...], column: str) -> list[str]:
    meant = [stands_for(kind) for kind in kinds]
    whole = tuple(text for text, prefix in meant if not prefix)
    begun = [_begins_with(text) for text, prefix in meant if prefix]
    return [*([f"{column}.in.{_list(whole)}"] if whole else []), *(f"{column}.{condition}" for condition in begun)]


def _containing(word: str, where: Searched) -> list[str]:
    found = [f"{column}.{_contains(word)}" for column in where.words]
    return [*found, *(f"{column}.eq.{word}" for column in where.ids)] if is_uuid(word) else found


def _begins_with(text: str) -> str:
    # As below: LIKE takes a star for whatever follows.
    return f"match.{quoted(f'^{re.escape(text)}')}" if "*" in text else f"like.{quoted(f'{_literally(text)}%')}"


def _contains(text: str) -> str:
    # LIKE cannot be told that a star is one, so such a text is looked for by a regular expression.
    return f"imatch.{quoted(re.escape(text))}" if "*" in text else f"ilike.{quoted(f'%{_literally(text)}%')}"


def _has_cause(text: str) -> str:
    """Return the condition of an error that has this text, in which what stands for what differs stands for all."""
    parts = _PLACEHOLDER.split(text)
    if len(parts) == 1:
        return _contains(text)
    return f"imatch.{quoted('.*'.join(_BLANKS.sub(_ANY_BLANKS, re.escape(part)) for part in parts))}"


_PLACEHOLDER: Final = re.compile("|".join(map(re.escape, PLACEHOLDERS)))
_BLANKS: Final = re.compile(r"(?:\\\s)+")
_ANY_BLANKS: Final = r"\\s+"


def _literally(text: str) -> str:
    """Escape `text` for LIKE: its wildcards and the escape character itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
