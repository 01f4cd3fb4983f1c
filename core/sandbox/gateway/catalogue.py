"""The contents of schema `public`, read from the catalogue: tables, their columns and keys, foreign keys, functions."""

from typing import Any, Final

import msgspec
import psycopg


class CatalogueTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table or view: columns with their types and default expressions, and the primary key."""

    name: str
    columns: dict[str, str]
    defaults: dict[str, str]
    key: tuple[str, ...]


class ForeignKey(msgspec.Struct, frozen=True, kw_only=True):
    """Columns of a table that reference a row of another. `unique`: no two rows reference the same."""

    name: str
    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    unique: bool


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """A function: its named arguments with types, the number of defaults, and its return type.

    `row_of` is the table whose rows it returns, empty if it makes its own.
    """

    name: str
    args: dict[str, str]
    required: int
    many: bool
    composite: bool
    void: bool
    volatile: bool
    source: str
    columns: dict[str, str]
    row_of: str


class Catalogue(msgspec.Struct, frozen=True):
    """Everything the API serves."""

    tables: dict[str, CatalogueTable]
    functions: dict[str, tuple[Function, ...]]
    foreign_keys: tuple[ForeignKey, ...]


_TABLES: Final = """
SELECT c.relname,
  (SELECT jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
   FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT coalesce(jsonb_object_agg(a.attname, pg_get_expr(d.adbin, d.adrelid)), '{}')
   FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attgenerated = '') AS defaults,
  (SELECT coalesce(jsonb_agg(a.attname), '[]')
   FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
   WHERE i.indrelid = c.oid AND i.indisprimary) AS key
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
"""

_FOREIGN_KEYS: Final = """
SELECT c.conname, o.relname, t.relname,
  ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS u (n, i)
        JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.n ORDER BY i) AS columns,
  ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY AS u (n, i)
        JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = u.n ORDER BY i) AS target_columns,
  EXISTS (SELECT FROM pg_index x WHERE x.indrelid = c.conrelid AND x.indisunique AND x.indpred IS NULL
          AND x.indkey::int2[] <@ c.conkey) AS is_unique
FROM pg_constraint c JOIN pg_class o ON o.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
WHERE c.contype = 'f' AND o.relnamespace = 'public'::regnamespace AND t.relnamespace = 'public'::regnamespace
ORDER BY c.conname
"""

_FUNCTIONS: Final = """
SELECT p.proname, coalesce(p.proargnames, '{}') AS names, coalesce(p.proargmodes::text[], '{}') AS modes,
  ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY AS u (t, n) ORDER BY n) AS types,
  p.pronargs - p.pronargdefaults AS required, p.proretset, p.prosrc,
  t.typtype = 'c' OR p.proargmodes IS NOT NULL AND 't' = ANY (p.proargmodes) AS composite,
  t.typname = 'void' AS void, p.provolatile = 'v' AS volatile,
  ARRAY(SELECT format_type(x, NULL) FROM unnest(p.proallargtypes) WITH ORDINALITY AS u (x, n) ORDER BY n) AS all_types,
  (SELECT coalesce(jsonb_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)), '{}')
   FROM pg_attribute a
   WHERE t.typrelid <> 0 AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS row,
  coalesce((SELECT c.relname FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind <> 'c'), '') AS row_of
FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f' AND t.typname NOT IN ('trigger', 'event_trigger')
"""


async def read_catalogue(connection: psycopg.AsyncConnection[Any]) -> Catalogue:
    """Read the whole catalogue."""
    tables: dict[str, CatalogueTable] = {}
    for name, columns, defaults, key in await (await connection.execute(_TABLES)).fetchall():
        tables[name] = CatalogueTable(name=name, columns=columns or {}, defaults=defaults, key=tuple(key))
    functions: dict[str, tuple[Function, ...]] = {}
    for row in await (await connection.execute(_FUNCTIONS)).fetchall():
        name, names, modes, types, required, many, source, composite, void, volatile, all_types, columns, row_of = row
        out = {n: t for n, t, mode in zip(names, all_types, modes, strict=False) if mode == "t"}
        inputs = [n for n, mode in zip(names, modes or ["i"] * len(names), strict=False) if mode in "iobv"]
        function = Function(
            name=name,
            args=dict(zip(inputs, types, strict=False)),
            required=required,
            many=many,
            composite=composite,
            void=void,
            volatile=volatile,
            source=source,
            columns=out or columns,
            row_of=row_of,
        )
        functions[name] = (*functions.get(name, ()), function)
    keys = tuple(
        ForeignKey(
            name=key, table=table, columns=tuple(columns), target=target, target_columns=tuple(aimed), unique=unique
        )
        for key, table, target, columns, aimed, unique in await (await connection.execute(_FOREIGN_KEYS)).fetchall()
    )
    return Catalogue(tables, functions, keys)
