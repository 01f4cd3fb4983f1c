"""Column expressions: a name, a JSON path behind it, an alias before it, a cast after it; `select` and `order`."""

import re
from typing import Final

from core.sandbox.gateway.catalogue import Table
from core.sandbox.gateway.errors import ApiError, bad_request, unsupported
from core.sandbox.gateway.scan import split
from core.sandbox.gateway.sql import literal, name

_STEP: Final = re.compile(r"(->>?)([^-]+|-\d+)")
_CAST: Final = re.compile(r"^[A-Za-z_][A-Za-z0-9_ ]*(\[\])?$")
_AGGREGATES: Final = re.compile(r"^(?:[^()]*[.:])?(?:count|sum|avg|min|max)\(\)$")


def column(expression: str, table: Table, source: str) -> str:
    """SQL for `name` or `name->a->>b` of `table`, read from the relation `source`. Raises ApiError (42703)."""
    base, arrow, rest = expression.partition("->")
    base = base.strip().strip('"')
    if base not in table.columns:
        raise ApiError(400, "42703", f"column {table.name}.{base} does not exist")
    sql = f"{name(source)}.{name(base)}"
    if not arrow:
        return sql
    path = "->" + rest
    if _STEP.sub("", path):
        raise bad_request(f'"failed to parse json path ({expression})"')
    if not table.columns[base].startswith("json"):
        sql = f"to_jsonb({sql})"
    for step, key in _STEP.findall(path):
        sql += step + (key if re.fullmatch(r"-?\d+", key) else literal(key))
    return f"({sql})"


def select_list(text: str, table: Table, source: str) -> str:
    """SQL for the value of `select=`. Embedded resources and aggregates are refused. Raises ApiError."""
    columns = []
    for item in split(text or "*", ","):
        word = item.strip()
        if word == "*":
            columns.append(f"{name(source)}.*")
            continue
        if _AGGREGATES.match(word):
            raise ApiError(400, "PGRST123", "Use of aggregate functions is not allowed")
        if "(" in word:
            raise unsupported(f"embedded resources ({word})")
        if not word:
            raise bad_request(f'"failed to parse select parameter ({text})"')
        alias, word = _alias(word)
        word, cast = _cast(word)
        sql = column(word, table, source)
        if cast:
            sql = f"CAST({sql} AS {cast})"
        elif alias is None and "->" not in word:
            columns.append(sql)
            continue
        columns.append(f"{sql} AS {name(alias or _last_key(word))}")
    return ", ".join(columns)


def order_by(text: str, table: Table, source: str) -> str:
    """SQL for the value of `order=`, with its keyword; empty for none. Raises ApiError."""
    terms = []
    for item in split(text, ","):
        word, *modifiers = item.strip().split(".")
        sql = column(word, table, source)
        for modifier in modifiers:
            if modifier not in _ORDER:
                raise bad_request(f'"failed to parse order ({text})"')
            sql += _ORDER[modifier]
        terms.append(sql)
    return " ORDER BY " + ", ".join(terms) if terms else ""


_ORDER: Final = {"asc": " ASC", "desc": " DESC", "nullsfirst": " NULLS FIRST", "nullslast": " NULLS LAST"}


def _alias(word: str) -> tuple[str | None, str]:
    match = re.match(r'^("[^"]*"|[^:"]+):(?!:)(.+)$', word)
    return (match[1].strip('"'), match[2]) if match else (None, word)


def _cast(word: str) -> tuple[str, str]:
    base, _, cast = word.partition("::")
    if cast and not _CAST.match(cast):
        raise bad_request(f'"failed to parse cast ({word})"')
    return base, cast


def _last_key(word: str) -> str:
    return re.split(r"->>?", word)[-1].strip('"')
