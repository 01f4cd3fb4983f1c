"""Each column of each table with everything its type holds, alone and in pairs: the monitor goes on, and lets it be."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from core.actions.heal import HEAL
from core.alerting.settings import AlertRules
from core.backend.schema import CONFIG, LOGS, SAFETY, TASKS
from core.domain.queries import Listing, Table
from core.domain.records import SystemConfig
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


ALIKE = {
    *("'-infinity'", "'0001-01-01'", "'4713-01-01 BC'", "'9999-12-31'", "'294276-12-31'", "now()::timestamp"),
    *("now() + interval '1 day'", "'null'", "'(none)'", "-1", "-2147483648"),
}
"""What is read of a config row as another value of that type is, so that what follows is the same."""
DEFAULTS_OF_THEIR_OWN = (
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s"
    " AND data_type <> 'boolean' AND column_default IS NOT NULL"
)
"""The columns whose default is none of the values that are tried of their type."""
SWITCHES = ("enabled", "dry_run_mode", "emergency_stop")


async def test_a_value_of_the_config_row_costs_no_other(sandbox: Running, tmp_path: Path) -> None:
    with lenient(sandbox):
        alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
        try:
            only_row(sandbox, {})
            usual = record(await alarming.driven.parts.reads.config.visible().ask())
            for row in alone(sandbox, CONFIG):
                only_row(sandbox, row)
                read = await alarming.driven.parts.reads.config.visible().ask()
                assert read is not None, row
                assert len(record(read).items() - usual.items()) <= 1, row
                assert all(words.startswith(tuple(row)) for words in read.odd), row
                times = [one for one in (read.stop_until, read.updated_at) if one is not None]
                assert all(time.year in range(1970, 2200) for time in times), row
                limits = (read.max_parallel_tasks, read.min_interval_minutes, read.max_daily_tasks or 0)
                assert all(limit >= 0 for limit in limits), row
        finally:
            await alarming.close()


async def test_the_config_row(sandbox: Running, tmp_path: Path) -> None:
    """Each value with each other of another column; and each where nothing is switched off by another."""
    named = {name for (name,) in sandbox.sql(DEFAULTS_OF_THEIR_OWN, CONFIG)}
    different = {
        name: [one for one in values(name, kind) if one not in ALIKE and (one != "DEFAULT" or name in named)]
        for name, kind in columns(sandbox, CONFIG)
    }
    unswitched = {name: different[name] for name in different if name not in SWITCHES}
    rows = [
        {name: some[number % len(some)] for name, some in unswitched.items()}
        for number in range(max(map(len, unswitched.values())))
    ]
    with lenient(sandbox):
        work_that_is_done(sandbox, 10)
        alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
        try:
            for row in rows + covering(different):
                only_row(sandbox, row)
                before = state_of_everything(sandbox)
                await goes_on(alarming, row)
                assert state_of_everything(sandbox) == before, row
        finally:
            await alarming.close()


def only_row(sandbox: Running, row: dict[str, str]) -> None:
    """Make it the only config row."""
    update = f"; UPDATE {CONFIG} SET {', '.join(f'{_named(name)} = {value}' for name, value in row.items())}"
    sandbox.sql(f"DELETE FROM {CONFIG}; INSERT INTO {CONFIG} DEFAULT VALUES{update if row else ''}")


def record(config: SystemConfig | None) -> dict[str, object]:
    """What was read of the row but what is another with each row."""
    assert config is not None
    others = {"id", "ids", "odd", "updated_at", "values"}  # the values say once more what the fields say
    return {name: value for name, value in msgspec.structs.asdict(config).items() if name not in others}
