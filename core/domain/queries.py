"""Lists of rows: a table, a filter, a sort order, and one page of results."""

import re
import uuid
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

import msgspec

from core.base.errors import WatchdeskError
from core.base.text import clean
from core.domain.records import STATUSES, LogEntry, SafetyCheck, Task

T_co = TypeVar("T_co", covariant=True)

ListedRow: TypeAlias = Task | LogEntry | SafetyCheck
"""A row of a page: a task, a log row for logs and orders, or a safety check."""

WORDS_CHARS: Final = 150
"""The longest search text. It is searched in four columns in one URL, of which proxies take about 8 kB."""

VALUES_CHARS: Final = 400
"""The longest that statuses and kinds may be together."""

PAGE_ROWS: Final = 500
"""The most rows of a page."""


class Table(StrEnum):
    """Tables that can be listed. `orders` is the audit trail: the log's rows with the step `log_steps.AUDIT`."""

    TASKS = "tasks"
    LOGS = "logs"
    ORDERS = "orders"
    SAFETY = "safety"


class FilterError(WatchdeskError, ValueError):
    """An invalid filter; the text is one sentence for people, with what to do."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter for rows: those of one of `status`, of one of `kind`, with every one of `words`, of one `task`.

    `kind` is the type of tasks, the step of logs, the name of actions, the type of safety checks; one that ends in `*`
    is a prefix. Words are searched for in the table's texts, ignoring case; one that is a whole uuid in its ids too.
    Raises FilterError for values that no row can have or no URL can hold.
    """

    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    task: str = ""

    def __post_init__(self) -> None:
        for text in (*self.status, *self.kind, *self.words):
            if not text:
                raise FilterError("a filter has an empty value: leave it out")
            if _IMPOSSIBLE.search(text):
                raise FilterError("the filter has characters that no row can have: type it anew")
        if any("*" in kind[:-1] for kind in self.kind):
            raise FilterError("a * amid a value stands for nothing: put it at the end, for whatever follows")
        if self.task and not is_uuid(self.task):
            raise FilterError(f"task:{clean(self.task, 40)} is no task's id: give all 36 characters of it")
        long = sum(map(len, self.words))
        if long > WORDS_CHARS or sum(map(len, (*self.status, *self.kind))) > VALUES_CHARS:
            raise FilterError(f"the filter is too long ({long:,} characters): {WORDS_CHARS} of what you look for do")

    @property
    def empty(self) -> bool:
        """Return whether every row matches."""
        return self == Filter()


class Sort(msgspec.Struct, frozen=True):
    """A sort order, by a name and in words. Ties are broken by id."""

    name: str
    title: str


NEWEST: Final = Sort("newest", "newest first")
_OLDEST: Final = Sort("oldest", "oldest first")

SORTS: Final[dict[Table, tuple[Sort, ...]]] = {
    Table.TASKS: (
        NEWEST,
        _OLDEST,
        Sort("completed", "completed last first"),
        Sort("longest", "started longest ago first"),
        Sort("priority", "highest priority first"),
        Sort("status", "by status"),
        Sort("type", "by type"),
    ),
    Table.LOGS: (NEWEST, _OLDEST, Sort("slowest", "slowest first")),
    Table.ORDERS: (NEWEST, _OLDEST),
    Table.SAFETY: (NEWEST, _OLDEST),
}
"""The sort orders of each table, the default first."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One list: a table, a filter, a sort order. Raises ValueError for an order the table does not have."""

    table: Table
    filter: Filter = Filter()
    sort: Sort = NEWEST

    def __post_init__(self) -> None:
        if self.sort not in SORTS[self.table]:
            raise ValueError(f"{self.table} cannot be listed {self.sort.title}")


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
    """Parse words, and `key:value[,value]` with the keys that `table` knows. Raises FilterError.

    Quotes protect blanks, commas and colons; `\"` within them is a quote. A key given twice means either.
    """
    if len(text) > 2 * (WORDS_CHARS + VALUES_CHARS):
        raise FilterError(f"the filter is too long ({len(text):,} characters): {WORDS_CHARS} of what you look for do")
    keys = _KEYS[table]
    given: dict[str, list[str]] = {"status": [], "kind": [], "task": [], "words": []}
    for token in _tokens(text):
        key, values = _key_and_values(token, keys)
        given[keys.get(key, "words")] += values
    if len(set(given["task"])) > 1:
        raise FilterError("the filter names more than one task: leave one")
    status = tuple(dict.fromkeys(map(_status, given["status"])))
    if table is Table.SAFETY and (odd := [one for one in status if one not in VERDICTS]):
        raise FilterError(f"status:{clean(odd[0], 40)} is none of a safety check's: {', '.join(VERDICTS)}")
    kind, words = (tuple(dict.fromkeys(given[name])) for name in ("kind", "words"))
    return Filter(status=status, kind=kind, words=words, task=given["task"][0].lower() if given["task"] else "")


def filter_text(given: Filter, table: Table) -> str:
    """Return the text that a person would type for this filter."""
    named = {field: key for key, field in _KEYS[table].items()}
    parts = [
        f"{named[field]}:{','.join(_quoted(value, _BREAKS_VALUE) for value in values)}"
        for field, values in (
            ("status", given.status),
            ("kind", given.kind),
            ("task", (given.task,) if given.task else ()),
        )
        if values
    ]
    return " ".join((*parts, *(_quoted(word, _BREAKS_WORD) for word in given.words)))


def is_uuid(text: str) -> bool:
    """Return whether the text is a whole id as the project writes them."""
    try:
        return len(text) == 36 and str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


VERDICTS: Final = ("passed", "failed", "enabled", "disabled")
"""Verdicts of a safety check; the last two in the documented shape, where it is a setting and not a result."""

_KEYS: Final[dict[Table, dict[str, str]]] = {
    Table.TASKS: {"status": "status", "type": "kind", "task": "task"},
    Table.LOGS: {"status": "status", "step": "kind", "task": "task"},
    Table.ORDERS: {"status": "status", "action": "kind", "task": "task"},
    Table.SAFETY: {"status": "status", "check": "kind", "task": "task"},
}
_RENAMED: Final = {"order": "action"}
"""Keys by their former names, read for one release."""
_KNOWN_STATUSES: Final = frozenset((*STATUSES, *VERDICTS, "started", "skipped"))
_IMPOSSIBLE: Final = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL's text has neither
_KEY: Final = re.compile(r"[A-Za-z_]+")
_BREAKS_VALUE: Final = re.compile(r'[\s",]|^$')
_BREAKS_WORD: Final = re.compile(r'[\s"]|^[A-Za-z_]+:')

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
        raise FilterError(f"{clean(key, 40)}: is no key here ({told} are): put the text in quotes to look for it")
    values, current = list[str](), ""
    for char, quoted in token[colon + 1 :]:
        if char == "," and not quoted:
            values.append(current)
            current = ""
        else:
            current += char
    values.append(current)
    if not all(values):
        raise FilterError(f"{known}: lacks a value: write it without a blank, as in {known}:{_EXAMPLES[keys[known]]}")
    return known, values


_EXAMPLES: Final = {"status": "failed", "kind": "heal", "task": "<the task's id>"}


def _status(typed: str) -> str:
    return typed.lower() if typed.lower() in _KNOWN_STATUSES else typed


def _quoted(text: str, breaks: re.Pattern[str]) -> str:
    if not breaks.search(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
