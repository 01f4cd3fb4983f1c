"""What is odd about a row is said where a person looks at it."""

from pathlib import Path

from core.domain.queries import Listing, Table
from tests.actions.driving import Driven
from tests.backend.rows.spoiling import lenient
from tests.running import Command, Running


async def test_a_row_in_full_says_what_is_odd_about_it(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, estimated_duration_minutes)"
        " VALUES ('x', 'in_progress', 'infinity', -7)"
    )
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (execution_step, step_status, duration_ms) VALUES ('s', 'started', -1)"
    )
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    monitor = driven.monitor
    (task,) = (await monitor.page(Listing(table=Table.TASKS), 0, 5)).rows
    (entry,) = [row for row in (await monitor.page(Listing(table=Table.LOGS), 0, 5)).rows if row.odd]
    full, log = await monitor.task_detail(task.id), await monitor.log_detail(entry.id)
    await monitor.close()
    assert full is not None
    assert log is not None
    assert task.odd == full.task.odd
    assert {words.split()[0] for words in task.odd} == {"started_at", "estimated_duration_minutes"}
    assert log.entry.odd == ("duration_ms is -1, taken as 0",)


def test_status_says_what_is_odd_about_the_config_row(sandbox: Running, command: Command) -> None:
    with lenient(sandbox):
        sandbox.sql("UPDATE autonomous_system_config SET dry_run_mode = NULL, emergency_stop_until = 'infinity'")
        said = command("status", sandbox=sandbox).stdout
    assert "note: invalid config row: dry_run_mode is null, which the agents read as false" in said
    assert "note: invalid config row: emergency_stop_until is infinity" in said
