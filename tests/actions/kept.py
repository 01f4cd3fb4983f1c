"""All rows of a project as they were at a moment, put back as often as somebody wants them so."""

from collections.abc import Callable
from typing import Final

from tests.running import Running

TABLES: Final = (
    "autonomous_tasks",
    "autonomous_execution_logs",
    "autonomous_safety_checks",
    "autonomous_system_config",
)


def kept(sandbox: Running) -> Callable[[], None]:
    """Keep all rows as they are now, for as long as our line stands; what is returned puts them back."""
    for table in TABLES:
        sandbox.sql(f"DROP TABLE IF EXISTS pg_temp.kept_{table}; CREATE TEMP TABLE kept_{table} AS TABLE {table}")
    back = "".join(f"INSERT INTO {table} SELECT * FROM pg_temp.kept_{table};" for table in TABLES)

    def restore() -> None:
        sandbox.sql(f"TRUNCATE {', '.join(TABLES)} CASCADE; {back}")

    return restore
