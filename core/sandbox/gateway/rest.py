"""Tables: reads, inserts, upserts, updates and deletes as PostgREST does them."""

from typing import Any, Final

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import Response

from core.sandbox.gateway.catalogue import CatalogueTable
from core.sandbox.gateway.database import Caller, Database
from core.sandbox.gateway.errors import ApiError, bad_request, unsupported
from core.sandbox.gateway.prefer import Media, Prefer, RowRange, read_media, read_prefer, read_window
from core.sandbox.gateway.query import MODIFIERS, Builder, Params, Query
from core.sandbox.gateway.sql import Sql, name, value

_ROWS: Final = "it"


class TableRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request on a table, parsed."""

    table: CatalogueTable
    query: Query
    window: RowRange
    prefer: Prefer
    media: Media
    params: dict[str, str]
    max_rows: int


async def find_table(database: Database, word: str) -> CatalogueTable:
    """Return the table or view of that name, reading the catalogue again if it is missing. Raises ApiError."""
    for fresh in (False, True):
        found = (await database.catalogue(fresh=fresh)).tables.get(word)
        if found is not None:
            return found
    raise ApiError(404, "PGRST205", f"Could not find the table 'public.{word}' in the schema cache")


async def parse(
    database: Database, request: Request, table: CatalogueTable, params: Params, *, rows: str = ""
) -> TableRequest:
    """Parse query string and headers of a read, or of a write that calls its returned rows `rows`. Raises ApiError."""
    modifiers = {key: text for key, text in params if key in MODIFIERS}
    if rows and ({"limit", "offset"} & set(modifiers)):
        raise unsupported("limit and offset on writes")
    max_rows = database.limits.max_rows
    builder = Builder(await database.catalogue(), max_rows)
    return TableRequest(
        table=table,
        query=builder.write(table, rows, params) if rows else builder.read(table, table.name, params),
        window=read_window(modifiers, request.headers.get("range", "") if not rows else "", max_rows),
        prefer=read_prefer(",".join(request.headers.getlist("prefer"))),
        media=read_media(request.headers.get("accept", "*/*")),
        params=modifiers,
        max_rows=max_rows,
    )


async def read(database: Database, caller: Caller, request: Request, table: CatalogueTable) -> Response:
    """Handle GET and HEAD."""
    asked = await parse(database, request, table, request.query_params.multi_items())
    source = Sql(f"public.{name(table.name)}")
    async with database.transaction(caller, read_only=True) as cursor:
        return await read_window_of(cursor, source, asked, head=request.method == "HEAD")


async def read_window_of(cursor: psycopg.AsyncCursor[Any], source: Sql, asked: TableRequest, *, head: bool) -> Response:
    """Return the requested rows of `source`, with the total if wanted. Raises ApiError (PGRST103, PGRST116)."""
    window, media = asked.window, asked.media
    rest = " FROM " + source + f" AS {name(asked.table.name)}" + asked.query.joins + asked.query.condition
    query = f"SELECT {asked.query.select or 'NULL'}" + rest + asked.query.order
    query += f" LIMIT {window.limit} OFFSET {window.offset}"
    if media.plan:
        return Response(await _plan(cursor, query, media), 200, None, media.content_type)
    body, rows = await _collect(cursor, query, media)
    total = await _total(cursor, rest, asked.prefer.count, asked.max_rows)
    if total is not None and window.offset and window.offset >= total and not media.one:
        raise ApiError(
            416, "PGRST103", "Requested range not satisfiable",
            details=f"An offset of {window.offset} was requested, but there are only {total} rows.",
        )  # fmt: skip
    if media.one:
        body = _single(body, rows)
    partial = total is not None and rows < total
    span = f"{window.offset}-{window.offset + rows - 1}" if rows else "*"
    headers = {"Content-Range": f"{span}/{'*' if total is None else total}"}
    return Response(b"" if head else body, 206 if partial else 200, headers, media.content_type)


async def write(database: Database, caller: Caller, request: Request, table: CatalogueTable) -> Response:
    """Handle POST, PATCH and DELETE. API roles must filter an update or delete where safeupdate is on."""
    asked = await parse(database, request, table, request.query_params.multi_items(), rows=_ROWS)
    method, query, media = request.method, asked.query, asked.media
    if media.plan:
        raise unsupported("the plan of a write")
    if method in {"PATCH", "DELETE"} and not query.where.text and database.limits.safeupdate:
        verb = "UPDATE" if method == "PATCH" else "DELETE"
        raise ApiError(400, "21000", f"{verb} requires a WHERE clause")
    if method == "POST":
        change = _insert(table, await _rows(request), asked)
    elif method == "PATCH":
        change = _update(table, await _object(request), asked)
    else:
        change = Sql(f"DELETE FROM public.{name(table.name)}") + query.condition
    async with database.transaction(caller) as cursor:
        if change is None:
            body, rows = b"" if media.csv else b"[]", 0
        elif asked.prefer.returns == "representation" or media.one:
            returning = change + f" RETURNING {name(table.name)}.*"
            shown = Sql(f"SELECT {query.select or 'NULL'} FROM {_ROWS}") + query.joins + query.order
            body, rows = await _collect(cursor, shown, media, change=returning)
        else:
            await cursor.execute(change.text, change.params)
            body, rows = b"", cursor.rowcount
        most = asked.prefer.max_affected
        if most is not None and rows > most:
            raise ApiError(
                400, "PGRST124", "Query result exceeds max-affected preference constraint",
                details=f"The query affects {rows} rows",
            )  # fmt: skip
        if media.one:
            body = _single(body, rows)
    return _written(method, asked, body, rows)


def _written(method: str, asked: TableRequest, body: bytes, rows: int) -> Response:
    total = str(rows) if asked.prefer.count else "*"
    span = f"0-{rows - 1}" if rows and method == "PATCH" else "*"
    headers = {"Content-Range": f"{span}/{total}"}
    if asked.prefer.returns != "representation" and not asked.media.one:
        return Response(b"", 201 if method == "POST" else 204, headers)
    return Response(body, 201 if method == "POST" else 200, headers, asked.media.content_type)


def _insert(table: CatalogueTable, rows: list[dict[str, Any]], asked: TableRequest) -> Sql | None:
    given = asked.params.get("columns")
    columns = [c.strip().strip('"') for c in given.split(",")] if given else list(rows[0] if rows else ())
    if not given and any(set(row) != set(columns) for row in rows):
        raise bad_request("All object keys must match", "PGRST102")
    if not rows:
        return None
    _known(table, columns)
    target = f"public.{name(table.name)}"
    if not columns:
        return Sql(f"INSERT INTO {target} DEFAULT VALUES")
    document = value(msgspec.json.encode(rows).decode())
    names = ", ".join(map(name, columns))
    if asked.prefer.missing == "default":
        pairs = ", ".join(
            f"'{c.replace(chr(39), chr(39) * 2)}', {table.defaults[c].replace('%', '%%')}"
            for c in columns
            if c in table.defaults
        )
        filled = "(SELECT json_agg(jsonb_build_object(" + pairs + ") || one) FROM jsonb_array_elements("
        document = filled + document + "::jsonb) AS one)"
    else:
        document += "::json"
    sql = (
        f"INSERT INTO {target} ({names}) SELECT {names} FROM json_populate_recordset(NULL::{target}, " + document + ")"
    )
    if asked.prefer.resolution:
        sql += _conflict(table, columns, asked)
    return sql


def _conflict(table: CatalogueTable, columns: list[str], asked: TableRequest) -> str:
    given = asked.params.get("on_conflict")
    key = [c.strip().strip('"') for c in given.split(",")] if given else list(table.key)
    _known(table, key)
    if not key:
        return ""
    head = f" ON CONFLICT ({', '.join(map(name, key))}) DO "
    changes = [f"{name(c)} = EXCLUDED.{name(c)}" for c in columns]
    return head + ("NOTHING" if asked.prefer.resolution == "ignore-duplicates" else "UPDATE SET " + ", ".join(changes))


def _update(table: CatalogueTable, change: dict[str, Any], asked: TableRequest) -> Sql | None:
    if not change:
        return None
    _known(table, list(change))
    target = f"public.{name(table.name)}"
    sets = ", ".join(f"{name(c)} = new_values.{name(c)}" for c in change)
    document = value(msgspec.json.encode(change).decode())
    source = f" FROM (SELECT * FROM json_populate_record(NULL::{target}, " + document + "::json)) AS new_values"
    return Sql(f"UPDATE {target} SET {sets}") + source + asked.query.condition


def _known(table: CatalogueTable, columns: list[str]) -> None:
    for column in columns:
        if column not in table.columns:
            message = f"Could not find the '{column}' column of '{table.name}' in the schema cache"
            raise ApiError(400, "PGRST204", message)


async def _rows(request: Request) -> list[dict[str, Any]]:
    body = await json_body(request)
    rows = body if isinstance(body, list) else [body]
    if not all(isinstance(row, dict) for row in rows):
        raise bad_request("Empty or invalid json", "PGRST102")
    return rows


async def _object(request: Request) -> dict[str, Any]:
    body = await json_body(request)
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    if not isinstance(body, dict):
        raise bad_request("Empty or invalid json", "PGRST102")
    return body


async def json_body(request: Request) -> Any:
    """Return the request's JSON. Raises ApiError (PGRST102)."""
    kind = request.headers.get("content-type", "application/json").split(";")[0]
    if kind != "application/json":
        raise ApiError(415, "PGRST102", f"Content-Type not acceptable: {kind}")
    try:
        return msgspec.json.decode(await request.body() or b"")
    except msgspec.DecodeError as error:
        raise bad_request("Empty or invalid json", "PGRST102") from error


async def _collect(
    cursor: psycopg.AsyncCursor[Any], query: Sql, media: Media, *, change: Sql | None = None
) -> tuple[bytes, int]:
    """Return all rows of `query` as one document made by the server, and their number.

    `change` is a write whose rows `query` reads as `it`: it must stand at the top, where PostgreSQL wants it.
    """
    body, rows = await _one(cursor, _document(query, media, change))
    return str(body).encode(), int(rows)


def _document(query: Sql, media: Media, change: Sql | None = None) -> Sql:
    head = "WITH " + ("" if change is None else f"{_ROWS} AS (" + change + "), ")
    if media.csv:
        made = _CSV
    else:
        row = "json_strip_nulls(to_json(row_))" if media.stripped else "row_"
        made = f"SELECT coalesce(json_agg({row}), '[]')::text, count(*) FROM rows_ AS row_"
    return head + "rows_ AS (" + query + ") " + made


_CSV: Final = r"""
SELECT coalesce((SELECT string_agg(k, ',') FROM json_object_keys((SELECT to_json(r) FROM rows_ AS r LIMIT 1)) AS k), '')
  || E'\n' || coalesce(string_agg(substring(row_::text, 2, length(row_::text) - 2), E'\n'), ''), count(*)
FROM rows_ AS row_"""


async def _total(cursor: psycopg.AsyncCursor[Any], rest: Sql, how: str, cap: int) -> int | None:
    """Return the number of rows: counted, planned, or counted up to the cap and planned above it."""
    if not how:
        return None
    if how == "exact":
        return int((await _one(cursor, "SELECT count(*)" + rest))[0])
    counted = 0
    if how == "estimated":
        few = "SELECT count(*) FROM (SELECT 1" + rest + f" LIMIT {cap + 1}) AS few_"
        counted = int((await _one(cursor, few))[0])
        if counted <= cap:
            return counted
    plan = (await _one(cursor, "EXPLAIN (FORMAT JSON) SELECT 1" + rest))[0]
    return max(counted, int(plan[0]["Plan"]["Plan Rows"]))


async def _plan(cursor: psycopg.AsyncCursor[Any], query: Sql, media: Media) -> bytes:
    """Return the output of EXPLAIN for the statement that would collect the rows of `query`."""
    options = ", ".join([word.upper() for word in media.options] + [f"FORMAT {media.plan.upper()}"])
    explained = f"EXPLAIN ({options}) " + _document(query, media)
    await cursor.execute(explained.text, explained.params)
    lines = [row[0] for row in await cursor.fetchall()]
    return msgspec.json.encode(lines[0]) if media.plan == "json" else "\n".join(map(str, lines)).encode()


async def _one(cursor: psycopg.AsyncCursor[Any], query: Sql) -> tuple[Any, ...]:
    await cursor.execute(query.text, query.params)
    row: tuple[Any, ...] | None = await cursor.fetchone()
    if row is None:
        raise ApiError(500, None, "the database gave no row for an aggregate")
    return row


def _single(body: bytes, rows: int) -> bytes:
    if rows != 1:
        message = "Cannot coerce the result to a single JSON object"
        raise ApiError(406, "PGRST116", message, details=f"The result contains {rows} rows")
    return body.strip()[1:-1].strip()
