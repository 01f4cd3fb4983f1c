"""Lists of rows: a table, a filter, a sort order, and one page of results."""

import re
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec

from core.base.errors import WatchdeskError
from core.base.text import clean
from core.base.time_input import EXAMPLES as TIME_EXAMPLES
from core.base.time_input import moment_of, span_of
from core.domain.prefixes import exactly, stands_for, star_amid
from core.domain.records import STATUSES, ChosenTask, LogEntry, SafetyCheck, Task
from core.domain.sorting import (
    INBOX_COLUMNS,
    LOG_COLUMNS,
    OLDEST,
    SAFETY_COLUMNS,
    SORTED_HERE,
    TASK_COLUMNS,
    TRAIL_COLUMNS,
    YOUNGEST,
    Sort,
    SortColumn,
)

T_co = TypeVar("T_co", covariant=True)

ListedRow: TypeAlias = Task | ChosenTask | LogEntry | SafetyCheck
"""A row of a page: a task, one in review as a `ChosenTask`, a log row for logs and orders, or a safety check."""

WORDS_CHARS: Final = 150
"""The longest search text. It is searched in four columns in one URL, of which proxies take about 8 kB."""

VALUES_CHARS: Final = 400
"""The longest that statuses and kinds may be together."""

PAGE_ROWS: Final = 500
"""The most rows of a page."""


class Table(StrEnum):
    """Tables that can be listed. `orders` is the audit trail: the log's rows with the step `log_steps.AUDIT`.

    `inbox`: the tasks in review.
    """

    TASKS = "tasks"
    INBOX = "inbox"
    LOGS = "logs"
    ORDERS = "orders"
    SAFETY = "safety"


class FilterError(WatchdeskError, ValueError):
    """An invalid filter; the text is one sentence for people, with what to do."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter for rows: those of one of `status`, of one of `kind`, with every one of `words`, of one `task`.

    `kind` is the type of tasks, the step of logs, the name of actions, the type of safety checks; one that ends in
    `*` is a prefix, as in `who`; `prefixes.exactly` makes one of a text that may have a `*`. Words are searched for
    in the table's texts, ignoring case; one that is a whole uuid in its ids too. `error`: texts that an error has.
    `since`, `until`: times as a person types them, `2h` or `03:10`, by the moment of asking. `over`, `under`: how
    long it took. `but`: filters of one kind of value each, whose rows are left out. Raises FilterError for values
    that no row can have or no URL can hold.
    """

    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    task: str = ""
    who: tuple[str, ...] = ()
    risk: tuple[str, ...] = ()
    error: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    over: str = ""
    under: str = ""
    but: tuple["Filter", ...] = ()

    def __post_init__(self) -> None:
        values = (*self.status, *self.kind, *self.who, *self.risk)
        for text in (*values, *self.words, *self.error):
            if not text:
                raise FilterError("the filter has an empty value: remove that word or give it a value")
            if _IMPOSSIBLE.search(text):
                raise FilterError("the filter contains invalid characters: type it again")
        if any(map(star_amid, (*self.kind, *self.who))):
            raise FilterError("a * works only at the end of a value: put it in quotes to search for the character")
        if self.task and not is_uuid(self.task):
            raise FilterError(f"task:{clean(self.task, 40)} is not a task id: give all 36 characters")
        for name, text in (("since", self.since), ("until", self.until)):
            if text and moment_of(text, datetime.now(UTC)) is None:
                raise FilterError(f"{name}:{clean(text, 40)} is no time: {TIME_EXAMPLES}")
        for text in filter(None, (self.over, self.under)):
            if span_of(text) is None:
                raise FilterError(f"{clean(text, 40)} is not a duration: use 30s, 5min or 2h")
        long = sum(map(len, (*self.words, *self.error, *(word for one in self.but for word in one.words + one.error))))
        values += tuple(value for one in self.but for value in (*one.status, *one.kind, *one.who, *one.risk))
        if long > WORDS_CHARS or sum(map(len, values)) > VALUES_CHARS:
            raise FilterError(f"the filter is too long ({long:,} characters): {WORDS_CHARS} characters are enough")

    @property
    def empty(self) -> bool:
        """Return whether every row matches."""
        return self == Filter()


SORT_COLUMNS: Final[dict[Table, tuple[SortColumn, ...]]] = {
    Table.TASKS: TASK_COLUMNS,
    Table.INBOX: INBOX_COLUMNS,
    Table.LOGS: LOG_COLUMNS,
    Table.ORDERS: TRAIL_COLUMNS,
    Table.SAFETY: SAFETY_COLUMNS,
}
"""The columns that each table can be sorted by."""

OWN_SORT: Final[dict[Table, Sort]] = dict.fromkeys(Table, YOUNGEST) | {Table.INBOX: OLDEST}
"""The order in which each table is listed unless another is asked for."""


def parse_sort(text: str, table: Table) -> Sort:
    """Return the order of a column's name; a `-` before it turns it round. Raises FilterError."""
    sort = Sort(text.removeprefix("-").lower(), text.startswith("-"))
    names = [one.name for one in SORT_COLUMNS[table]]
    if sort.column not in names:
        raise FilterError(
            f"{clean(text, 40)} is not a column; use {', '.join(names)}, or with a leading - to reverse it"
        )
    return sort


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One list: a table, a filter, a sort order. Raises ValueError for an order the table does not have.

    `within`: only the first `SORTED_HERE` rows of the table's own order are sorted, by this program.
    """

    table: Table
    filter: Filter = Filter()
    sort: Sort = YOUNGEST
    within: bool = False

    def __post_init__(self) -> None:
        self.column  # noqa: B018 - it raises

    @property
    def column(self) -> SortColumn:
        """Return the column that it is sorted by."""
        for one in SORT_COLUMNS[self.table]:
            if one.name == self.sort.column:
                return one
        raise ValueError(f"{self.table} cannot be sorted by {self.sort.column}")

    @property
    def part(self) -> str:
        """Return which rows alone are sorted, in words."""
        return f"within the {'oldest' if OWN_SORT[self.table] == OLDEST else 'newest'} {SORTED_HERE}"


class Page(msgspec.Struct, Generic[T_co], frozen=True, kw_only=True):
    """Rows of a list, from `offset` on. `more`: others follow.

    `total`: the number of all rows, known without counting where this page is the last; else `None`. `exact` is false
    where it is the server's estimate.
    """

    rows: tuple[T_co, ...]
    offset: int
    more: bool
    total: int | None = None
    exact: bool = True


def parse_filter(text: str, table: Table) -> Filter:
    """Parse words, and `key:value[,value]` with the keys that `table` knows; a `-` before either leaves out.


    Quotes protect blanks, commas, colons, a `-` and a `*`; `\"` within them is a quote. A key given twice means
    either; one that names a moment or a span can be given once. Raises FilterError.
    """
    if len(text) > 2 * (WORDS_CHARS + VALUES_CHARS):
        raise FilterError(f"the filter is too long ({len(text):,} characters): {WORDS_CHARS} characters are enough")
    keys = FILTER_KEYS[table]
    given, but = dict[str, list[str]](), dict[str, list[str]]()
    for token in _tokens(text):
        negated = len(token) > 1 and token[0] == ("-", False)
        key, values = _key_and_values(token[1:] if negated else token, keys)
        field = keys.get(key, "words")
        if negated and field in ONCE:
            raise FilterError(f"-{key}: cannot exclude anything; use {key}: without the -")
        (but if negated else given).setdefault(field, []).extend(values)
    if (status := given.get("status")) is not None:
        given["status"] = [_status(one) for one in status]
    statuses = (*given.get("status", ()), *map(_status, but.get("status", ())))
    if table is Table.SAFETY and (odd := [one for one in statuses if one not in VERDICTS]):
        raise FilterError(f"status:{clean(odd[0], 40)} is none of a safety check's: {', '.join(VERDICTS)}")
    left_out = tuple(_filter_of({field: values}) for field, values in but.items())
    return msgspec.structs.replace(_filter_of(given), but=left_out)


def _filter_of(given: dict[str, list[str]]) -> Filter:
    """Return the filter of these values. Raises FilterError."""
    fields: dict[str, Any] = {}
    for field, values in given.items():
        if field == "age":
            for value in values:
                side, text = _compared(value, "age")
                fields["until" if side == ">" else "since"] = _once(text, fields, "until" if side == ">" else "since")
        elif field == "took":
            for value in values:
                side, text = _compared(value, "took")
                fields["over" if side == ">" else "under"] = _once(text, fields, "over" if side == ">" else "under")
        elif field in ONCE:
            if len(set(values)) > 1:
                what = "more than one task" if field == "task" else f"{field}: more than once"
                raise FilterError(f"the filter has {what}: keep only one")
            fields[field] = _once(values[0].lower() if field == "task" else values[0], fields, field)
        else:
            fields[field] = tuple(dict.fromkeys(map(_status, values) if field == "status" else values))
    return Filter(**fields)


def _compared(value: str, key: str) -> tuple[str, str]:
    """Return the side of a comparison and the span. Raises FilterError."""
    if value[:1] not in {">", "<"} or span_of(value[1:]) is None:
        raise FilterError(f"{key}:{clean(value, 40)} needs > or <: write {key}:>5min or {key}:<2h")
    return value[0], value[1:]


def _once(text: str, fields: dict[str, Any], name: str) -> str:
    if name in fields and fields[name] != text:
        raise FilterError(f"the filter sets the same limit twice: keep only one of {fields[name]} and {text}")
    return text


def filter_text(given: Filter, table: Table) -> str:
    """Return the text that a person would type for this filter."""
    parts = _parts(given, table)
    parts += [f"-{part}" for one in given.but for part in _parts(one, table)]
    return " ".join(parts)


def _parts(given: Filter, table: Table) -> list[str]:
    named = {field: key for key, field in FILTER_KEYS[table].items()}
    parts = []
    for field in ("status", "kind", "task", "who", "risk", "error", "since", "until"):
        value = getattr(given, field)
        values = (value,) if isinstance(value, str) else value
        if field in named and any(values):
            typed = _kind_text if field in _PREFIXES else filter_value
            parts.append(f"{named[field]}:{','.join(map(typed, values))}")
    parts += [f"took:{side}{span}" for side, span in ((">", given.over), ("<", given.under)) if span]
    return [*parts, *(_quoted(word, _BREAKS_WORD) for word in given.words)]


def unknown_status(given: Filter, table: Table) -> str:
    """Return which status of a filter no row is known to have, in words; empty where there is none."""
    if table not in {Table.TASKS, Table.INBOX}:
        return ""
    odd = [one for one in given.status if one not in STATUSES]
    return f"{clean(odd[0], 40)} is no status that is known: {', '.join(STATUSES)}" if odd else ""


def is_uuid(text: str) -> bool:
    """Return whether the text is a whole id as the project writes them."""
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


VERDICTS: Final = ("passed", "failed", "enabled", "disabled")
"""Verdicts of a safety check; the last two in the documented shape, where it is a setting and not a result."""

_WHEN: Final = {"since": "since", "until": "until", "age": "age"}
FILTER_KEYS: Final[dict[Table, dict[str, str]]] = {
    Table.TASKS: {
        "status": "status",
        "type": "kind",
        "task": "task",
        "who": "who",
        "risk": "risk",
        "error": "error",
        **_WHEN,
    },
    Table.INBOX: {"type": "kind", "task": "task", "who": "who", "risk": "risk"} | _WHEN,
    Table.LOGS: {"status": "status", "step": "kind", "task": "task"} | _WHEN | {"took": "took"},
    Table.ORDERS: {"status": "status", "action": "kind", "task": "task", "who": "who"} | _WHEN | {"took": "took"},
    Table.SAFETY: {"status": "status", "check": "kind", "task": "task"} | _WHEN,
}
"""The keys of each table's filters, each with the field that it fills."""
ONCE: Final = frozenset({"task", "since", "until", "age", "took"})
"""Fields of which there is one value, and none that could be left out."""
_PREFIXES: Final = frozenset({"kind", "who"})
"""Fields whose values may be prefixes."""
_RENAMED: Final = {"order": "action"}
"""Keys by their former names, read for one release."""
_KNOWN_STATUSES: Final = frozenset((*STATUSES, *VERDICTS, "started", "skipped"))
_IMPOSSIBLE: Final = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL's text has neither
_KEY: Final = re.compile(r"[A-Za-z_]+")
_BREAKS_VALUE: Final = re.compile(r'[\s",*]|^$')
_BREAKS_WORD: Final = re.compile(r'[\s"]|^-.|^[A-Za-z_]+:')

_Token: TypeAlias = list[tuple[str, bool]]
"""The characters of one word as typed, each with whether it stood in quotes."""


def _tokens(text: str) -> list[_Token]:
    """Split `text` at its blanks. Raises FilterError for a quote that is not closed."""
    tokens, current, quoted, begun = list[_Token](), _Token(), False, False
    chars = iter(range(len(text)))
    for at in chars:
        char = text[at]
        if quoted and char == "\\" and text[at + 1 : at + 2] in {'"', "\\"}:
            current.append((text[next(chars)], True))
        elif char == '"':
            quoted, begun = not quoted, True
        elif char.isspace() and not quoted:
            tokens += [current] if begun or current else []
            current, begun = _Token(), False
        else:
            current.append((char, quoted))
    if quoted:
        raise FilterError('a quote is not closed: add a ", or write \\" within quotes to look for one')
    return [*tokens, current] if begun or current else tokens


def _key_and_values(token: _Token, keys: dict[str, str]) -> tuple[str, list[str]]:
    """Return the key of a word (empty: none) and its values. Raises FilterError for an unknown key."""
    colon = token.index((":", False)) if (":", False) in token else -1
    key = "".join(char for char, quoted in token[: max(0, colon)] if not quoted)
    whole = "".join(char for char, _ in token)
    if colon < 1 or len(key) != colon or not _KEY.fullmatch(key):
        return "", [whole]
    known = _RENAMED.get(key.lower(), key.lower())
    if known not in keys:
        told = ", ".join(f"{name}:" for name in keys)
        raise FilterError(
            f"{clean(key, 40)}: is not a filter word here; use {told}, or put the text in quotes to search for it"
        )
    values, current = list[str](), ""
    prefixes = keys[known] in _PREFIXES
    for char, quoted in token[colon + 1 :]:
        if char == "," and not quoted:
            values.append(current)
            current = ""
        elif prefixes and not (char == "*" and not quoted):
            current += exactly(char)
        else:
            current += char
    values.append(current)
    if not all(values):
        raise FilterError(f"{known}: lacks a value: write it without a blank, as in {known}:{_EXAMPLES[keys[known]]}")
    return known, values


_EXAMPLES: Final = {
    "status": "failed",
    "kind": "heal",
    "task": "<the task's id>",
    "who": "agent-1",
    "risk": "high",
    "error": "timeout",
    "since": "2h",
    "until": "03:10",
    "age": ">1h",
    "took": ">5min",
}


def _status(typed: str) -> str:
    return typed.lower() if typed.lower() in _KNOWN_STATUSES else typed


def _kind_text(value: str) -> str:
    """Return a value that may be a prefix as it is typed."""
    text, prefix = stands_for(value)
    return f"{filter_value(text) if text else ''}*" if prefix else filter_value(text)


def filter_value(text: str) -> str:
    """Return a value as it is typed behind a key: in quotes where it needs them."""
    return _quoted(text, _BREAKS_VALUE)


def _quoted(text: str, breaks: re.Pattern[str]) -> str:
    if not breaks.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
