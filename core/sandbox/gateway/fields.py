"""Column expressions: a name, a JSON path behind it, an alias before it, a cast after it; the language of `select`."""

import re
from typing import Final, TypeAlias

import msgspec

from core.sandbox.gateway.catalogue import CatalogueTable
from core.sandbox.gateway.errors import ApiError, bad_request
from core.sandbox.gateway.scan import split
from core.sandbox.gateway.sql import literal, name

_STEP: Final = re.compile(r"(->>?)([^-]+|-\d+)")
_CAST: Final = re.compile(r"^[A-Za-z_][A-Za-z0-9_ ]*(\[\])?$")
_AGGREGATES: Final = re.compile(r"^(?:[^()]*[.:])?(?:count|sum|avg|min|max)\(\)(?:::.*)?$")
_EMBED: Final = re.compile(r'^(\.\.\.)?(?:("[^"]*"|[^:"(]+):)?("[^"]*"|[^!("]+)((?:![^!(]+)*)\((.*)\)$', re.DOTALL)


class SelectedColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a `select`; `*` for all."""

    expression: str
    alias: str = ""
    cast: str = ""

    def sql(self, table: CatalogueTable, source: str) -> str:
        """Return the item for a SELECT list. Raises ApiError."""
        if self.expression == "*":
            return f"{name(source)}.*"
        sql = column(self.expression, table, source)
        if self.cast:
            sql = f"CAST({sql} AS {self.cast})"
        elif not self.alias and "->" not in self.expression:
            return sql
        return f"{sql} AS {name(self.label)}"

    @property
    def label(self) -> str:
        """The name of the value in the answer."""
        return self.alias or re.split(r"->>?", self.expression)[-1].strip('"')


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    """An embedded resource: `alias:wanted!hint!inner(items)`, hoisted into each row when `spread`."""

    wanted: str
    alias: str
    hint: str
    inner: bool
    spread: bool
    items: "tuple[SelectedColumn | Embed, ...]"

    @property
    def label(self) -> str:
        """The name of the resource in filters and in the answer."""
        return self.alias or self.wanted


Item: TypeAlias = SelectedColumn | Embed


def column(expression: str, table: CatalogueTable, source: str) -> str:
    """Return SQL for `name` or `name->a->>b` of `table`, read from the relation `source`. Raises ApiError (42703)."""
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


def parse_select(text: str) -> tuple[Item, ...]:
    """Parse the value of `select=` into a tree; nothing in it is looked up. Raises ApiError (PGRST100, PGRST123)."""
    return tuple(_item(item.strip(), text) for item in split(text or "*", ","))


def _item(word: str, text: str) -> Item:
    if _AGGREGATES.match(word):
        raise ApiError(400, "PGRST123", "Use of aggregate functions is not allowed")
    embed = _EMBED.match(word)
    if embed:
        return _embed(embed)
    if not word or "(" in word or "!" in word:
        raise bad_request(f'"failed to parse select parameter ({text})"')
    match = re.match(r'^("[^"]*"|[^:"]+):(?!:)(.+)$', word)
    alias, word = (match[1].strip('"'), match[2]) if match else ("", word)
    expression, _, cast = word.partition("::")
    if cast and not _CAST.match(cast):
        raise bad_request(f'"failed to parse cast ({word})"')
    return SelectedColumn(expression=expression, alias=alias, cast=cast)


def _embed(match: re.Match[str]) -> Embed:
    spread, alias, wanted, marks, inside = match.groups()
    words = [word.strip() for word in marks.split("!")[1:]]
    joins = [word for word in words if word in {"inner", "left"}]
    hints = [word for word in words if word not in {"inner", "left"}]
    if len(joins) > 1 or len(hints) > 1:
        raise bad_request(f'"failed to parse select parameter ({match[0]})"')
    return Embed(
        wanted=wanted.strip().strip('"'),
        alias=(alias or "").strip().strip('"'),
        hint=hints[0] if hints else "",
        inner="inner" in joins,
        spread=bool(spread),
        items=parse_select(inside) if inside.strip() else (),
    )
