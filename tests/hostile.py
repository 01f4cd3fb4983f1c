"""Texts that must never do anything to a screen, and a sandbox full of them.

`texts()` are the texts, `CONTROL` finds what must never be left of them, `plant(sandbox)` puts them wherever the
project can hold text.
"""

import json
import re
from typing import Final

import psycopg
from psycopg import sql

from tests.running import Running

CONTROL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
"""Control characters, bidirectional and zero-width ones, separators of lines, lone surrogates, tags."""

HOSTILE: Final = {
    "OSC 52 writes the clipboard": "\x1b]52;c;ZXZpbA==\x07",
    "OSC 8 links": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "OSC 0 names the window": "\x1b]0;evil\x07",
    "CSI clears": "\x1b[2J\x1b[H\x1b[?1049l",
    "DCS asks": "\x1bP+q544e\x1b\\",
    "C1": "\x9b2J\x9d52;c;eA==\x9c\x90\x85",
    "C0": "".join(map(chr, range(1, 32))) + "\x7f",
    "bidi": "\u202egnp.exe\u202c \u2066left\u2069 \u061c\u200f",
    "zero width": "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00adg\ufff9h\U000e0041i",
    "lines": "one\r\ntwo\nthree\rfour\u2028five\u2029six\vseven\feight\tnine\x85ten",
    "markup acts": "[@click=app.bell]x[/]",
    "markup breaks off": "[/",
    "markup": "[red]x[/red] [link=http://evil.example]y[/link] \\[b]",
    "SQL": "'); DROP TABLE autonomous_tasks; --",
    "request": 'a,b) or=(id.not.is.null) "\\ % _ * & # ?',
    "format": "{0} {x!r} %s %(y)s $1",
    "wide": "漢字 🙂 👩‍👩‍👧 e\u0301\u0301",
    "long": "\x1b[31m" + "long " * 200_000 + "\x1b]52;c;ZXZpbA==\x07",
}
"""Each by what it tries."""

ESCAPED: Final = (
    r'{"text": "nul \u0000 in text", "k\u0000": "\u0000"}',
    r'{"text": "lone \ud800 and \udfff", "k\udead": ["\ud83d"]}',
    r'{"text": "\u001b[2J\u009b2J\u202e\u200b", "nested": [{"\u001b]52;c;eA==\u0007": "\u0085"}]}',
    r'"\u001b]52;c;ZXZpbA==\u0007 as a mere string"',
    '{"text": "more digits than Python takes", "n": ' + "9" * 5000 + "}",
)
"""JSON documents that hide them in escapes; those that `jsonb` refuses too, so they go where a column is `json`."""

_JSON: Final = {
    "autonomous_tasks": "rollback_data",
    "autonomous_execution_logs": "error_data",
    "autonomous_safety_checks": "details",
}
_SHORT: Final = 400


def texts() -> tuple[str, ...]:
    """Every hostile text, one of them a megabyte long."""
    return tuple(HOSTILE.values())


def plant(running: Running, long: int = len(HOSTILE["long"])) -> None:
    """Insert each text into every text and JSON column of every table, in rows that panels and lists show.

    Tasks come with each text as their status, and failed, in review, pending and running for hours; log rows as
    agents' steps, as orders and as alerts; the long text in a few rows of each. CHECK constraints are dropped and a
    JSON column of each table becomes `json`, which takes escapes that `jsonb` refuses. Of each text `long` characters
    are taken. Nothing of it is restored: use a `lone_sandbox`.
    """
    with psycopg.connect(running.database_url, autocommit=True) as connection:
        for table in _JSON:
            _open(connection, table)
        for text in (one[:long] for one in texts()):
            _tasks(connection, text)
            _logs(connection, text)
            _safety_checks(connection, text)
        for document in ESCAPED:
            for table, column in _JSON.items():
                if column in _columns(connection, table):
                    _insert(connection, table, {**_least(connection, table), column: document})
        _config(connection)


def _tasks(connection: psycopg.Connection, text: str) -> None:
    statuses = (text[:_SHORT], "failed", "awaiting_review", "pending", "in_progress")
    for status in statuses[: 3 if len(text) > _SHORT else None]:
        row = _full(connection, "autonomous_tasks", text) | {"status": status}
        _insert(connection, "autonomous_tasks", row)
    connection.execute(
        "UPDATE autonomous_tasks SET started_at = now() - interval '5 hours' WHERE status = 'in_progress';"
        "UPDATE autonomous_tasks SET completed_at = now() - interval '1 hour' WHERE status = 'failed'"
    )


def _logs(connection: psycopg.Connection, text: str) -> None:
    told = dict.fromkeys(("order", "who", "by", "host", "run", "rule", "alert", "reason", "note"), text[:_SHORT])
    told["text"] = text
    steps = (text[:_SHORT], "watchdog_healing", "watchdog_alert_critical", "watchdog_health_check")
    for step in steps[: 2 if len(text) > _SHORT else 4]:
        row = _full(connection, "autonomous_execution_logs", text)
        row |= {"execution_step": step, "input_data": json.dumps(told)}
        _insert(connection, "autonomous_execution_logs", row)


def _safety_checks(connection: psycopg.Connection, text: str) -> None:
    row = _full(connection, "autonomous_safety_checks", text)
    if "passed" in _columns(connection, "autonomous_safety_checks"):
        row |= {"passed": False}
    _insert(connection, "autonomous_safety_checks", row)


def _config(connection: psycopg.Connection) -> None:
    text = " ".join(one for one in texts() if len(one) < _SHORT)
    row = {k: v for k, v in _full(connection, "autonomous_system_config", text).items() if isinstance(v, str)}
    sets = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in row)
    connection.execute(
        sql.SQL("UPDATE autonomous_system_config SET emergency_stop = true, {}").format(sets), list(row.values())
    )


def _open(connection: psycopg.Connection, table: str) -> None:
    checks = connection.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass", [table]
    ).fetchall()
    for (name,) in checks:
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(drop.format(sql.Identifier(table), sql.Identifier(name)))
    column = _JSON[table]
    if column in _columns(connection, table):
        change = sql.SQL("ALTER TABLE {} ALTER {} TYPE json USING {}::json")
        connection.execute(change.format(*map(sql.Identifier, (table, column, column))))


def _full(connection: psycopg.Connection, table: str, text: str) -> dict[str, object]:
    """A row with `text` in every column that takes one; a part of it where the column has an index."""
    indexed = {
        name
        for (name,) in connection.execute(
            "SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)"
            " WHERE indrelid = %s::regclass",
            [table],
        )
    }
    row: dict[str, object] = {}
    for name, kind in _columns(connection, table).items():
        given = text[:_SHORT] if name in indexed else text
        if kind == "text":
            row[name] = given
        elif kind == "text[]":
            row[name] = [given, given]
        elif kind in {"json", "jsonb"}:
            row[name] = json.dumps({"text": given, given[:_SHORT]: [given, {"message": given}]}, ensure_ascii=False)
    return row


def _least(connection: psycopg.Connection, table: str) -> dict[str, object]:
    named = {"autonomous_tasks": "description", "autonomous_execution_logs": "execution_step"}.get(table, "check_type")
    columns = _columns(connection, table)
    row: dict[str, object] = {named: "escaped"}
    row |= {"step_status": "failed"} if "step_status" in columns else {}
    row |= {"passed": False} if "passed" in columns else {}
    return row


def _insert(connection: psycopg.Connection, table: str, row: dict[str, object]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(row))
    insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(sql.Identifier(table), names, marks)
    connection.execute(insert, list(row.values()))


def _columns(connection: psycopg.Connection, table: str) -> dict[str, str]:
    return dict(
        connection.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [table],
        ).fetchall()
    )
