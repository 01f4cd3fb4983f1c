"""SQL from the parts of a request's URL: selected columns, joins, conditions, sort order.

An embedded resource becomes a lateral join: one row, or all rows as one JSON array. Parameters about it
(`resource.column=…`, `resource.order=…`) go into that join, whatever the depth.
"""

import re
from itertools import count
from typing import Final

import msgspec

from core.sandbox.gateway.catalogue import Catalogue, CatalogueTable
from core.sandbox.gateway.errors import ApiError, bad_request, unsupported
from core.sandbox.gateway.fields import Embed, Item, column, parse_select
from core.sandbox.gateway.filters import Scope, condition
from core.sandbox.gateway.relations import Relation, find_relation
from core.sandbox.gateway.scan import split
from core.sandbox.gateway.sql import Sql, name

MODIFIERS: Final = frozenset({"select", "order", "limit", "offset", "columns", "on_conflict"})
"""Parameters of a URL that are no filters."""

_LOGIC: Final = re.compile(r"(not\.)?(and|or)")
_ORDER: Final = {"asc": " ASC", "desc": " DESC", "nullsfirst": " NULLS FIRST", "nullslast": " NULLS LAST"}
_RELATED: Final = re.compile(r'^("[^"]*"|[^(."]+)\(([^()]+)\)((?:\.[a-z]+)*)$')

Params = list[tuple[str, str]]


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """The pieces of a SELECT; `where` without its keyword."""

    select: str
    joins: Sql
    where: Sql
    order: str

    @property
    def condition(self) -> Sql:
        """Return the WHERE clause; empty for none."""
        return " WHERE " + self.where if self.where.text else Sql("")


class _Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters about one relation: its filters, its modifiers, and those of its embedded resources."""

    filters: Params
    modifiers: dict[str, str]
    below: dict[str, Params]


class Builder:
    """Builds the queries of one request, which reads at most `max_rows` of anything."""

    def __init__(self, catalogue: Catalogue, max_rows: int) -> None:
        self._catalogue = catalogue
        self._max_rows = max_rows
        self._number = count(1)  # for names of joins
        self._copies = count(1)  # for names of tables read once more

    def read(self, table: CatalogueTable, source: str, params: Params) -> Query:
        """Return a read of `table`, called `source`. Raises ApiError."""
        parameters = _split_parameters(params)
        return self._build(table, source, parse_select(parameters.modifiers.get("select", "*")), parameters)

    def write(self, table: CatalogueTable, rows: str, params: Params) -> Query:
        """Return a write on `table`: the rows it affects, and the form of those it returns, called `rows`."""
        parameters = _split_parameters(params)
        shown = msgspec.structs.replace(parameters, filters=[])
        query = self._build(table, rows, parse_select(parameters.modifiers.get("select", "*")), shown)
        return msgspec.structs.replace(
            query, where=condition(parameters.filters, Scope(table=table, source=table.name))
        )

    def _build(self, table: CatalogueTable, source: str, items: tuple[Item, ...], parameters: _Parameters) -> Query:
        embeds = {item.label: item for item in items if isinstance(item, Embed)}
        for word in parameters.below:
            _embedded(word, embeds)
        select: list[str] = []
        joins, marks = Sql(""), dict[str, str]()
        for item in items:
            if not isinstance(item, Embed):
                select.append(item.sql(table, source))
                continue
            alias = name(f"{table.name}_{item.label}_{next(self._number)}")
            fields, lateral, mark = self._embed(item, table.name, source, alias, parameters.below.get(item.label, []))
            select += fields
            on = f"{mark} IS DISTINCT FROM NULL" if item.inner else "TRUE"
            joins += f" {'INNER' if item.inner else 'LEFT'} JOIN LATERAL (" + lateral + f") AS {alias} ON {on}"
            marks[item.label] = mark
        return Query(
            select=", ".join(select),
            joins=joins,
            where=condition(parameters.filters, Scope(table=table, source=source, embedded=marks)),
            order=self._order(parameters.modifiers.get("order", ""), table, source, embeds),
        )

    def _embed(
        self, embed: Embed, parent: str, parent_source: str, alias: str, params: Params
    ) -> tuple[list[str], Sql, str]:
        """Return the columns of an embedded resource, the query to join, and SQL that is null where it has no row."""
        relation = find_relation(self._catalogue, parent, embed.wanted, embed.hint)
        table = self._catalogue.tables[relation.target]
        source = f"{relation.target}_{next(self._copies)}"
        parameters = _split_parameters(params)
        query = self._build(table, source, embed.items, parameters)
        tables, on = self._path(relation, parent_source, source)
        rows = f"SELECT {query.select or '1 AS one_'} FROM {tables}" + query.joins + f" WHERE {on}"
        rows += (" AND " + query.where if query.where.text else "") + query.order
        rows += _window(parameters.modifiers, self._max_rows)
        if relation.one:
            shown = f"{alias}.*" if embed.spread else f"row_to_json({alias}.*) AS {name(embed.label)}"
            return [shown] if embed.items else [], rows, alias
        if embed.spread:
            raise unsupported(f"spreading a to-many relationship ({embed.label})")
        shown = f"coalesce({alias}.rows_, '[]') AS {name(embed.label)}"
        array = "SELECT json_agg(one_) AS rows_ FROM (" + rows + ") AS one_"
        return [shown] if embed.items else [], array, f"{alias}.rows_"

    def _path(self, relation: Relation, parent: str, source: str) -> tuple[str, str]:
        """Return the tables of a relation's join and its condition."""
        target = f"public.{name(relation.target)} AS {name(source)}"
        if not relation.across:
            return target, " AND ".join(
                f"{name(source)}.{name(there)} = {name(parent)}.{name(here)}" for here, there in relation.pairs
            )
        middle = f"{relation.across}_{next(self._copies)}"
        first = [f"{name(middle)}.{name(there)} = {name(parent)}.{name(here)}" for here, there in relation.pairs]
        second = [f"{name(source)}.{name(b)} = {name(middle)}.{name(a)}" for a, b in relation.across_pairs]
        return f"public.{name(relation.across)} AS {name(middle)}, {target}", " AND ".join(first + second)

    def _order(self, text: str, table: CatalogueTable, source: str, embeds: dict[str, Embed]) -> str:
        """Return SQL for the value of `order=`, with its keyword; empty for none. Raises ApiError."""
        terms = []
        for item in split(text, ","):
            related = _RELATED.match(item.strip())
            if related:
                sql = self._related(_embedded(related[1].strip('"'), embeds), related[2], table, source)
                modifiers = related[3].split(".")[1:]
            else:
                word, *modifiers = item.strip().split(".")
                sql = column(word, table, source)
            for modifier in modifiers:
                if modifier not in _ORDER:
                    raise bad_request(f'"failed to parse order ({text})"')
                sql += _ORDER[modifier]
            terms.append(sql)
        return " ORDER BY " + ", ".join(terms) if terms else ""

    def _related(self, embed: Embed, field: str, table: CatalogueTable, source: str) -> str:
        """Return a column of an embedded row, to sort by."""
        relation = find_relation(self._catalogue, table.name, embed.wanted, embed.hint)
        if not relation.one:
            raise ApiError(
                400, "PGRST118", f"A related order on '{relation.target}' is not possible",
                details=f"'{table.name}' and '{relation.target}' do not form a many-to-one or one-to-one relationship",
            )  # fmt: skip
        other = f"{relation.target}_{next(self._copies)}"
        tables, on = self._path(relation, source, other)
        return f"(SELECT {column(field, self._catalogue.tables[relation.target], other)} FROM {tables} WHERE {on})"


def _embedded(word: str, embeds: dict[str, Embed]) -> Embed:
    """Return the embedded resource of that name. Raises ApiError (PGRST108)."""
    if word not in embeds:
        hint = f"Verify that '{word}' is included in the 'select' query parameter."
        raise ApiError(400, "PGRST108", f"'{word}' is not an embedded resource in this request", hint=hint)
    return embeds[word]


def _split_parameters(params: Params) -> _Parameters:
    """Split parameters into those of the relation itself, and those of each embedded resource."""
    parameters = _Parameters(filters=[], modifiers={}, below={})
    for key, text in params:
        path, arrow, rest = key.partition("->")
        first, *deeper = [key] if _LOGIC.fullmatch(key) else split(path, ".")
        if deeper:
            parameters.below.setdefault(first.strip('"'), []).append((".".join(deeper) + arrow + rest, text))
        elif key in MODIFIERS:
            parameters.modifiers[key] = text
        else:
            parameters.filters.append((key, text))
    return parameters


def _window(modifiers: dict[str, str], max_rows: int) -> str:
    """Return `limit` and `offset` of an embedded resource, the cap included."""
    numbers = {"limit": max_rows, "offset": 0}
    for key in numbers:
        if key in modifiers:
            if not modifiers[key].isdigit():
                raise bad_request(f'"failed to parse {key} ({modifiers[key]})"')
            numbers[key] = min(int(modifiers[key]), max_rows) if key == "limit" else int(modifiers[key])
    return f" LIMIT {numbers['limit']} OFFSET {numbers['offset']}"
