"""Functions: found by the names of their arguments, called in a transaction, answered in the shape they return."""

import re
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from core.sandbox.gateway.catalogue import Catalogue, CatalogueTable, Function
from core.sandbox.gateway.database import Caller, Database
from core.sandbox.gateway.errors import ApiError, bad_request, unsupported
from core.sandbox.gateway.prefer import read_media
from core.sandbox.gateway.rest import json_body, parse, read_window_of
from core.sandbox.gateway.sql import Sql, name, value

_COMMENT: Final = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING: Final = re.compile(r"'(?:[^']|'')*'")
_WRITE: Final = re.compile(r"\b(update|delete\s+from)\s+[\w.\"]+", re.IGNORECASE)
_UPSERT: Final = re.compile(r"\bon\s+conflict\b.*\bdo\s+update\b", re.IGNORECASE | re.DOTALL)


async def call(database: Database, caller: Caller, request: Request, word: str) -> Response:
    """Handle GET, HEAD and POST on `/rpc/<name>`. Raises ApiError."""
    reading = request.method in {"GET", "HEAD"}
    args = _query_args(request) if reading else await _body_args(request)
    function = await _find(database, word, args, by_query=reading)
    if reading:
        args = {key: text for key, text in args.items() if key in function.args}
    if database.limits.safeupdate:
        _safe(function)
    catalogue = await database.catalogue()
    source = f"public.{name(word)}(" + _arguments(function, args)
    async with database.transaction(caller, read_only=reading) as cursor:
        if function.void:
            query = "SELECT " + source
            await cursor.execute(query.text, query.params)
            return Response(b"", 204)
        if function.composite:
            hidden = set(function.args) if reading else set[str]()
            params = [(key, text) for key, text in request.query_params.multi_items() if key not in hidden]
            asked = await parse(database, request, _row_type(function, catalogue), params)
            if not function.many:
                one = msgspec.structs.replace(asked.media, one=not (asked.media.csv or asked.media.plan))
                asked = msgspec.structs.replace(asked, media=one)
            return await read_window_of(cursor, source, asked, head=request.method == "HEAD")
        media = read_media(request.headers.get("accept", "*/*"))
        if media.csv or media.plan:
            raise unsupported("CSV or the plan of a function that returns no rows")
        made = "coalesce(json_agg(r), '[]')" if function.many else "to_json(r)"
        query = f"SELECT ({made})::text FROM " + source + " AS r"
        await cursor.execute(query.text, query.params)
        row: tuple[Any, ...] | None = await cursor.fetchone()
    body = (row[0] if row is not None else None) or "null"
    return Response(str(body).encode(), 200, None, "application/json; charset=utf-8")


async def _find(database: Database, word: str, args: dict[str, Any], *, by_query: bool) -> Function:
    for fresh in (False, True):
        for function in (await database.catalogue(fresh=fresh)).functions.get(word, ()):
            names = set(function.args)
            given = set(args) & names if by_query else set(args)
            needed = set(list(function.args)[: function.required])
            if needed <= given <= names:
                return function
    called = ", ".join(sorted(args))
    said = f"public.{word}({called})" if args else f"public.{word} without parameters"
    near = (await database.catalogue()).functions.get(word, ())
    hint = f"Perhaps you meant to call the function public.{word}({', '.join(near[0].args)})" if near else None
    raise ApiError(
        404,
        "PGRST202",
        f"Could not find the function {said} in the schema cache",
        details=f"Searched for the function public.{word} with parameters {called}, but no matches were found.",
        hint=hint,
    )


def _safe(function: Function) -> None:
    """Refuse a function whose body updates or deletes without WHERE, as safeupdate does to every API role.

    Read off the source, statement by statement: a statement built at run time and a function called by the function
    are not seen, and one that would not have been reached is refused too.
    """
    source = _STRING.sub("''", _COMMENT.sub(" ", function.source))
    for statement in source.split(";"):
        found = _WRITE.search(statement)
        if found and not _UPSERT.search(statement) and not re.search(r"\bwhere\b", statement, re.IGNORECASE):
            verb = "UPDATE" if found[1].lower() == "update" else "DELETE"
            raise ApiError(400, "21000", f"{verb} requires a WHERE clause")


def _arguments(function: Function, args: dict[str, Any]) -> Sql:
    """Return named arguments, each converted from JSON to its type by the server."""
    sql = Sql("")
    for index, (key, given) in enumerate(args.items()):
        document = value(msgspec.json.encode({"a": given}).decode())
        typed = f"::json) AS args(a {function.args[key]}))"
        sql += f"{', ' if index else ''}{name(key)} := (SELECT a FROM json_to_record(" + document + typed
    return sql + ")"


def _query_args(request: Request) -> dict[str, Any]:
    return dict(request.query_params.multi_items())


async def _body_args(request: Request) -> dict[str, Any]:
    if not await request.body():
        return {}
    body = await json_body(request)
    if not isinstance(body, dict):
        raise bad_request("Arguments must be a JSON object", "PGRST102")
    return body


def _row_type(function: Function, catalogue: Catalogue) -> CatalogueTable:
    """Return the table of a function's rows; else a table of its own columns, under its name."""
    own = CatalogueTable(name=function.name, columns=function.columns, defaults={}, key=())
    return catalogue.tables.get(function.row_of, own)
