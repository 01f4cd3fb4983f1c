"""Decodes the rows in an answer, even where one of them holds what the client cannot decode."""

import json
import re
from typing import Any, Final

import msgspec

from core.backend.faults import Failed, Trace, garbage


def rows_of(data: object, trace: Trace) -> list[dict[str, Any]]:
    """Return the rows in an answer. Raises Failed where it is something else, or more than was asked for."""
    rows = _decode_leniently(data) if isinstance(data, str) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Failed(garbage("expected rows, got something else", trace))
    _bounded(len(rows), trace)
    return rows


def refuse_too_many(body: bytes, trace: Trace) -> None:
    """Raise Failed where a long answer holds more than was asked for, before anybody makes objects of it."""
    if len(body) > _DENSE_FROM and sum(map(body.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise Failed(garbage(f"it holds more than {_MOST_VALUES:,} values", trace))
    if trace.asked_rows is None or len(body) < _LONG:
        return
    try:
        found = len(msgspec.json.decode(body, type=list[msgspec.Raw]))
    except (msgspec.MsgspecError, RecursionError):
        return  # no rows, or none that can be counted so: whoever decodes it says so
    _bounded(found, trace)


def _bounded(found: int, trace: Trace) -> None:
    if trace.asked_rows is not None and found > trace.asked_rows:
        raise Failed(garbage(f"{trace.asked_rows:,} rows requested, {found:,} received", trace))


def _decode_leniently(text: str) -> Any:
    """Decode what the client could not: one row with values too large for Python must not hide all the others.

    A longer number becomes the text of its digits, what is nested too deeply becomes `…`. `None` for what is no JSON.
    """
    if text.count("[") + text.count("{") + text.count('"') // 2 > _MOST_DECODED_TWICE:
        return None
    try:
        return json.loads(
            _shallow(text), parse_int=lambda digits: int(digits) if len(digits) < _LONGEST_INT else digits
        )
    except ValueError:
        return None


def _shallow(text: str) -> str:
    """Return JSON without what is nested deeper than `_DEEPEST`."""
    kept, depth, start = [], 0, 0
    for match in _NESTING.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match.group(), 0)
        if depth == _DEEPEST + 1 and match.group() in "[{":
            kept.append(text[start : match.start()] + '"…"')
        elif depth == _DEEPEST and match.group() in "]}":
            start = match.end()
    return "".join([*kept, text[start:]])


_NESTING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
"""Brackets, and the strings in which they do not count."""

_DEEPEST: Final = 100
_DENSE_FROM: Final = 4_000_000
_MOST_VALUES: Final = 3_000_000
"""The number of values from which an answer is not decoded: it would block everything else for seconds."""

_MOST_DECODED_TWICE: Final = 1_000_000
"""The number of strings, lists and objects up to which a text is decoded a second time; more would be too slow."""

_LONG: Final = 1_000_000
"""The length from which an answer's rows are counted before it is decoded, bytes."""
_LONGEST_INT: Final = 4000
