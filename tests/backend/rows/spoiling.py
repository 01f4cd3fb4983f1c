"""Lets the sandbox's tables take what the real ones do: NULL in every column, and words that no CHECK foresaw."""

import contextlib
from collections.abc import Iterator

from core.backend.schema import CONFIG, LOGS, SAFETY, TASKS
from tests.backend.rows.odd import HOSTILE
from tests.running import Running

TABLES = (CONFIG, TASKS, LOGS, SAFETY)

_TIMES = (
    *("NULL", "'infinity'", "'-infinity'", "'0001-01-01'", "'4713-01-01 BC'", "'9999-12-31'", "'294276-12-31'"),
    *("now() + interval '3 years'", "now()::timestamp", "now() + interval '1 day'"),
)
_TEXT = ("NULL", "''", f"$odd${HOSTILE}$odd$", "repeat('x', 100000)", "'null'", "'(none)'")

VALUES: dict[str, tuple[str, ...]] = {
    # by the column's type, as SQL
    "boolean": ("NULL", "true", "false"),
    "integer": ("NULL", "0", "-1", "2147483647", "-2147483648"),
    "text": _TEXT,
    "uuid": ("NULL", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    "ARRAY": ("NULL", "'{}'", "ARRAY[NULL, '']"),
    "timestamp with time zone": _TIMES,
    "timestamp without time zone": _TIMES,
    "jsonb": (
        *("NULL", "'null'", "'[]'", "'{}'", "'5'", "'true'", "'\"x\"'", "'[null, {}]'", '\'{"ids": {"a": 1}}\''),
        *('\'{"order": 5, "run": [], "plan": "x", "at": 7}\'', "('[' || repeat('9', 400) || ']')::jsonb"),
        *('\'{"order": "heal", "run": null, "plan": {"steps": [1, null, {"name": 5}]}}\'',),
    ),
}


@contextlib.contextmanager
def lenient(sandbox: Running) -> Iterator[None]:
    """Every column nullable, every CHECK off; put back, with the tables emptied, at the end."""
    keys = (
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
    )
    strict = sandbox.sql(
        "SELECT c.table_name, c.column_name FROM information_schema.columns c WHERE c.table_schema = 'public'"
        " AND c.table_name = ANY(%s) AND c.is_nullable = 'NO' AND c.column_name NOT IN"
        f" ({keys} WHERE i.indrelid = ('public.' || c.table_name)::regclass AND i.indisprimary)",
        list(TABLES),
    )
    checks = sandbox.sql(
        "SELECT r.relname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class r"
        " ON r.oid = c.conrelid WHERE c.contype = 'c' AND r.relname = ANY(%s)",
        list(TABLES),
    )
    begin = [f'ALTER TABLE {table} ALTER COLUMN "{column}" DROP NOT NULL' for table, column in strict]
    begin += [f'ALTER TABLE {table} DROP CONSTRAINT "{name}"' for table, name, _ in checks]
    end = [f'ALTER TABLE {table} ALTER COLUMN "{column}" SET NOT NULL' for table, column in strict]
    end += [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {words}' for table, name, words in checks]
    sandbox.sql(";".join(["SET client_min_messages = error", *begin]))
    try:
        yield
    finally:
        sandbox.sql(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        sandbox.sql(";".join(["SET client_min_messages = error", *end]))
        sandbox.reset()


def columns(sandbox: Running, table: str) -> list[tuple[str, str]]:
    """Each column of a table that is no key, with its type."""
    return sandbox.sql(  # type: ignore[return-value]  # two texts each
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name = %s AND column_name NOT IN ('id', 'task_id') ORDER BY ordinal_position",
        table,
    )
