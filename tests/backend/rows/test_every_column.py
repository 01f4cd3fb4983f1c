"""Each column of each table with everything its type holds, alone and in pairs: the monitor goes on, and lets it be."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from core.actions.heal import HEAL
from core.alerting.settings import AlertRules
from core.backend.schema import CONFIG, LOGS, SAFETY, TASKS
from core.domain.queries import Listing, Table
from core.domain.status import Level
from core.resilience import BreakerState
from tests.alerting.mail_server import Alarming
from tests.backend.rows.pairs import covering
from tests.backend.rows.spoiling import VALUES, columns, lenient
from tests.running import Running

STEPS = ("task_started", "watchdog_healing", "watchdog_health_check", "watchdog_alert_critical", "watchdog_alert_info")
STATUSES = ("pending", "in_progress", "completed", "failed", "awaiting_review")
USUAL = {
    "status": STATUSES,
    "started_at": ("now()",),
    "execution_step": (*STEPS, "lease"),
    "step_status": ("started", "completed", "failed"),
}
"""What stands in a column where nothing is odd, if its default is not enough."""

SHORTER = {"repeat('x', 100000)": "repeat('x', 1000)"}
"""What is put in many columns of many rows at once: its size is tried alone."""


def alone(sandbox: Running, table: str) -> Iterator[dict[str, str]]:
    """Each odd value of each column, as SQL."""
    yield from ({name: value} for name, kind in columns(sandbox, table) for value in VALUES[kind])


def in_pairs(sandbox: Running, table: str) -> list[dict[str, str]]:
    """Rows with every pair of odd values, and of each with what is usual, as SQL."""
    return covering({name: values(name, kind) for name, kind in columns(sandbox, table)})


def values(column: str, kind: str) -> list[str]:
    """Everything that may stand in a column, as SQL."""
    usual = [value if value.endswith(")") else f"'{value}'" for value in USUAL.get(column, ())]
    return ["DEFAULT", *usual, *(SHORTER.get(value, value) for value in VALUES[kind])]


def insert(sandbox: Running, table: str, rows: list[dict[str, str]]) -> None:
    sandbox.sql(
        ";".join(
            f"INSERT INTO {table} ({', '.join(map(_named, row))}) VALUES ({', '.join(row.values())})" for row in rows
        )
    )


def _named(column: str) -> str:
    return f'"{column}"'


def work_that_is_done(sandbox: Running, count: int) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at)"
        f" SELECT 'd', 'completed', now(), now() FROM generate_series(1, {count})"
    )


def state_of_everything(sandbox: Running) -> list[object]:
    """What no monitor may change because of odd rows: tasks, config and safety checks; and what it ordered."""
    return [
        sorted(map(str, sandbox.sql(f"SELECT md5(t::text) FROM {table} t"))) for table in (TASKS, CONFIG, SAFETY)
    ] + [sandbox.sql(f"SELECT count(*) FROM {LOGS} WHERE execution_step = 'watchdog_healing'")]


async def goes_on(alarming: Alarming, why: object = "") -> None:
    """A refresh, a check with what follows from it, an evaluation of the alerts, a plan: all of it answers."""
    driven = alarming.driven
    checkup, _ = await driven.round()
    await alarming.alarms.evaluate()
    await alarming.queue.settled()
    await driven.parts.kpis.measure()
    await driven.monitor.plan(HEAL)
    unknown = [check for check in checkup.checks if check.level is Level.UNKNOWN]
    assert not unknown, why
    dead = [(name, reading.fault) for name, reading in driven.parts.readings.values.items() if not reading.live]
    assert not dead, why
    bad = [(one.key, one.last_error) for one in driven.parts.breakers.all() if one.state is not BreakerState.CLOSED]
    assert not bad, why


async def test_tasks(sandbox: Running, tmp_path: Path) -> None:
    with lenient(sandbox):
        rows = [
            {"description": "'odd'", "status": f"'{status}'", "started_at": "now()", "created_at": "now()"} | row
            for row in alone(sandbox, TASKS)
            for status in STATUSES
        ] + in_pairs(sandbox, TASKS)
        insert(sandbox, TASKS, rows)
        work_that_is_done(sandbox, 2 * len(rows))
        before = state_of_everything(sandbox)
        alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
        try:
            for _ in range(3):
                await goes_on(alarming)
            page = await alarming.driven.monitor.page(Listing(table=Table.TASKS), 0, 500)
            assert len(page.rows) == 500
            counts = alarming.driven.monitor.snapshot.tasks.counts.value
            assert counts is not None
            assert counts.of("none")
            (everything,) = sandbox.sql("SELECT count(*) FROM autonomous_tasks")
            assert sum(counts.counts.values()) == everything[0]
            assert any("odd task" in event.text for event in alarming.driven.monitor.snapshot.events)
        finally:
            await alarming.close()
        assert state_of_everything(sandbox) == before


async def test_logs(sandbox: Running, tmp_path: Path) -> None:
    with lenient(sandbox):
        rows = [
            {"execution_step": f"'{step}'", "step_status": "'completed'"} | row
            for row in alone(sandbox, LOGS)
            for step in STEPS
        ] + in_pairs(sandbox, LOGS)
        insert(sandbox, LOGS, rows)
        before = state_of_everything(sandbox)
        alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
        try:
            for _ in range(3):
                await goes_on(alarming)
            for table in (Table.LOGS, Table.ORDERS):
                await alarming.driven.monitor.page(Listing(table=table), 0, 500)
            await alarming.driven.monitor.logs(healing=False, since=None, limit=2000)
        finally:
            await alarming.close()
        assert state_of_everything(sandbox) == before


async def test_safety_checks(sandbox: Running, tmp_path: Path) -> None:
    with lenient(sandbox):
        insert(sandbox, SAFETY, [*alone(sandbox, SAFETY), *in_pairs(sandbox, SAFETY)])
        alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
        try:
            page = await alarming.driven.monitor.page(Listing(table=Table.SAFETY), 0, 500)
            assert len(page.rows) > 50
            await goes_on(alarming)
        finally:
            await alarming.close()


async def test_the_config_row(sandbox: Running, tmp_path: Path) -> None:
    await every_config_row(sandbox, tmp_path, alone(sandbox, CONFIG))


@pytest.mark.parametrize("part", range(3))
async def test_the_config_row_in_pairs(part: int, sandbox: Running, tmp_path: Path) -> None:
    await every_config_row(sandbox, tmp_path, in_pairs(sandbox, CONFIG)[part::3])


async def every_config_row(sandbox: Running, tmp_path: Path, rows: Iterable[dict[str, str]]) -> None:
    """One after another as the only one."""
    with lenient(sandbox):
        work_that_is_done(sandbox, 10)
        alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
        try:
            for row in rows:
                sandbox.sql(f"DELETE FROM {CONFIG}; INSERT INTO {CONFIG} DEFAULT VALUES")
                sandbox.sql(f"UPDATE {CONFIG} SET {', '.join(f'{name} = {value}' for name, value in row.items())}")
                before = state_of_everything(sandbox)
                await goes_on(alarming, row)
                assert state_of_everything(sandbox) == before, row
        finally:
            await alarming.close()
