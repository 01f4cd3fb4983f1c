"""Filters: `column=op.value`, their negation and modifiers, and the logic trees `and=(…)`, `or=(…)`."""

import re
from typing import Final

import msgspec

from core.sandbox.gateway.catalogue import CatalogueTable
from core.sandbox.gateway.errors import bad_request
from core.sandbox.gateway.fields import column
from core.sandbox.gateway.scan import inside, split, unquote
from core.sandbox.gateway.sql import Sql, join, value

_COMPARE: Final = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "match": "~",
    "imatch": "~*",
    "isdistinct": "IS DISTINCT FROM",
    "cs": "@>",
    "cd": "<@",
    "ov": "&&",
    "sl": "<<",
    "sr": ">>",
    "nxr": "&<",
    "nxl": "&>",
    "adj": "-|-",
}
_LIKE: Final = {"like": "LIKE", "ilike": "ILIKE"}
_SEARCH: Final = {
    "fts": "to_tsquery",
    "plfts": "plainto_tsquery",
    "phfts": "phraseto_tsquery",
    "wfts": "websearch_to_tsquery",
}
_IS: Final = {
    "null": "IS NULL",
    "not_null": "IS NOT NULL",
    "true": "IS TRUE",
    "false": "IS FALSE",
    "unknown": "IS UNKNOWN",
}
_MANY: Final = {"eq", "gt", "gte", "lt", "lte", "like", "ilike", "match", "imatch"}
_OPERATOR: Final = re.compile(r"^(not\.)?([a-z]+)(?:\(([^)]*)\))?\.(.*)$", re.DOTALL)


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The scope of filters: a table, the relation it is read from, and the embedded resources.

    `embedded` maps the name of an embedded resource to SQL that is null where nothing was embedded.
    """

    table: CatalogueTable
    source: str
    embedded: dict[str, str] = {}


def condition(params: list[tuple[str, str]], scope: Scope) -> Sql:
    """Return SQL for all filters of a request; empty for none. Raises ApiError."""
    parts = []
    for key, text in params:
        logic = re.fullmatch(r"(not\.)?(and|or)", key)
        if logic:
            parts.append(_tree(logic[1] is not None, logic[2], text, scope))
        else:
            parts.append(_filter(key, text, scope))
    return join(" AND ", parts)


def _tree(negated: bool, word: str, text: str, scope: Scope) -> Sql:
    body = inside(text.strip(), "(", ")")
    if body is None or not body.strip():
        raise bad_request(f'"failed to parse logic tree ({text})"')
    parts = [_leaf(item.strip(), scope) for item in split(body, ",")]
    return ("NOT (" if negated else "(") + join(f" {word.upper()} ", parts) + ")"


def _leaf(item: str, scope: Scope) -> Sql:
    nested = re.match(r"^(not\.)?(and|or)(\(.*\))$", item, re.DOTALL)
    if nested:
        return _tree(nested[1] is not None, nested[2], nested[3], scope)
    quoted = re.match(r'^("(?:[^"\\]|\\.)*")\.(.*)$', item, re.DOTALL)
    key, dot, rest = (quoted[1], ".", quoted[2]) if quoted else item.partition(".")
    if not dot:
        raise bad_request(f'"failed to parse logic tree ({item})"')
    return _filter(unquote(key), rest, scope, in_tree=True)


def _filter(key: str, text: str, scope: Scope, *, in_tree: bool = False) -> Sql:
    if key in scope.embedded and text in {"is.null", "not.is.null"}:
        return Sql(f"{scope.embedded[key]} IS {'' if text.startswith('not.') else 'NOT '}DISTINCT FROM NULL")
    match = _OPERATOR.match(text)
    if not match:
        raise bad_request(f'"failed to parse filter ({text})"', details=f"unexpected filter for {key}")
    negated, operator, modifier, operand = match.groups()
    field = column(key, scope.table, scope.source)
    raw = unquote(operand) if in_tree else operand
    sql = _operation(field, operator, modifier, operand, raw)
    if sql is None:
        raise bad_request(f'"failed to parse filter ({text})"', details=f"unknown operator {operator}")
    return "NOT (" + sql + ")" if negated else sql


def _operation(field: str, operator: str, modifier: str | None, operand: str, raw: str) -> Sql | None:
    if modifier in {"any", "all"} and operator in _MANY:
        symbol = _COMPARE.get(operator) or _LIKE[operator]
        items = _items(operand, "{", "}")
        if operator in _LIKE:
            items = [item.replace("*", "%") for item in items]
        return f"{field} {symbol} {modifier.upper()} (" + value(_array(items)) + ")"
    if operator in _SEARCH:
        language = value(modifier) + ", " if modifier else Sql("")
        return f"to_tsvector({field}::text) @@ {_SEARCH[operator]}(" + language + value(raw) + ")"
    if modifier is not None:
        return None
    if operator == "in":
        items = _items(operand, "(", ")")
        return f"{field} = ANY (" + value(_array(items)) + ")"
    if operator == "is":
        word = _IS.get(raw.lower())
        return Sql(f"{field} {word}") if word else None
    if operator in _LIKE:
        return f"{field} {_LIKE[operator]} " + value(raw.replace("*", "%"))
    return f"{field} {_COMPARE[operator]} " + value(raw) if operator in _COMPARE else None


def _items(text: str, opening: str, closing: str) -> list[str]:
    body = inside(text.strip(), opening, closing)
    if body is None:
        raise bad_request(f'"failed to parse list ({text})"')
    return [unquote(item.strip()) for item in split(body, ",")]


def _array(items: list[str]) -> str:
    """Return an array literal, whose element type the server infers from the column."""
    quoted = ['"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
    return "{" + ",".join(quoted) + "}"
