"""What dry-run marked completed and nobody did is no success: told apart, counted, and an alert."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.alerting.settings import AlertRules
from core.backend.faults import Failed
from core.backend.simulated import Telltale
from core.domain.snapshot import State
from tests.actions.driving import Driven
from tests.alerting.mail_server import Alarming
from tests.running import ONE_SHAPE, Command, Running
from tests.wire import answer, wire

REAL = {
    "no result": "NULL",
    "JSON null": "'null'",
    "a text": "'\"done\"'",
    "a text before it": "'\"DRY CLEANING\"'",
    "a text behind it": "'\"DRY RUST\"'",
    "another text amid": "'\"a DRY RUN: no\"'",
    "a number": "'7'",
    "a list": "'[\"DRY RUN: no\"]'",
    "an object": '\'{"message": "done", "files": 3}\'',
    "an object with another key": '\'{"note": "DRY RUN"}\'',
    "an object with nulls": "'{\"message\": null}'",
}
SIMULATED = {
    "a text": "'\"DRY RUN: would change 3 files\"'",
    "the text alone": "'\"DRY RUN\"'",
    "a message": '\'{"message": "DRY RUN: would"}\'',
    "a summary": '\'{"summary": "DRY RUN: would", "message": "x"}\'',
    "an output": '\'{"output": "DRY RUN: would"}\'',
}


def completed(sandbox: Running, result: str, at: str = "now()") -> str:
    """A completed task; its id."""
    (row,) = sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, completed_at, result)"
        f" VALUES ('x', 'completed', now(), {at}, {result}) RETURNING id"
    )
    return str(row[0])


def logged(sandbox: Running, task: str, environment: str) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, environment)"
        " VALUES (%s, 'task_completed', 'completed', %s)",
        task,
        environment,
    )


async def told(driven: Driven, *, joined: bool) -> tuple[int, int, datetime | None]:
    """How many were done, how many were only simulated, and when last: by a join of tasks and log rows or without."""
    outcomes, now = driven.parts.panel_reads.outcomes, datetime.now(UTC)
    driven.parts.backend.sizes.slow_joins = not joined
    rate = await outcomes.success_rate(now - timedelta(days=1), now)
    found = await outcomes.simulated(now - timedelta(days=1), now)
    return rate.completed, found.count, found.last_at


@pytest.mark.parametrize("account", ["service_role", "master"])
async def test_a_simulated_completion_is_no_success(account: str, sandbox: Running, tmp_path: Path) -> None:
    for result in (*REAL.values(), *SIMULATED.values()):
        completed(sandbox, result)
    sandbox.sql("INSERT INTO autonomous_tasks (description, status, completed_at) VALUES ('f', 'failed', now())")
    driven = await Driven.as_(account, sandbox, tmp_path).begin()
    telltale = driven.parts.panel_reads.schema.telltale
    tasks = driven.monitor.snapshot.tasks
    past = driven.parts.panel_reads.trends
    now = datetime.now(UTC)
    counted = await past.count_finished(now - timedelta(hours=1), now + timedelta(minutes=1))
    simulated = await past.count_simulated(now - timedelta(hours=1), now + timedelta(minutes=1))
    read = await past.finished(now - timedelta(hours=1), now + timedelta(minutes=1), "")
    await driven.monitor.close()
    assert telltale == Telltale(results=True, environments=True)
    assert tasks.success_24h.value is not None
    assert (tasks.success_24h.value.completed, tasks.success_24h.value.failed) == (len(REAL), 1)
    assert tasks.simulated_24h.value is not None
    assert tasks.simulated_24h.value.count == len(SIMULATED)
    assert (counted.completed, counted.failed) == (len(REAL), 1)
    assert simulated == len(SIMULATED)
    assert sorted(well for _, _, well in read) == [False, *[True] * len(REAL)]


async def test_the_environment_of_its_log_tells_too_and_each_counts_once(sandbox: Running, tmp_path: Path) -> None:
    logged(sandbox, completed(sandbox, "NULL"), "production")
    for result in ("NULL", SIMULATED["a text"]):
        name = completed(sandbox, result)
        logged(sandbox, name, "dry_run")
        logged(sandbox, name, "dry_run")
        logged(sandbox, name, "production")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    tasks = driven.monitor.snapshot.tasks
    assert tasks.success_24h.value is not None
    assert tasks.simulated_24h.value is not None
    assert (tasks.success_24h.value.completed, tasks.simulated_24h.value.count) == (1, 2)
    assert (await told(driven, joined=False))[:2] == (1, 2)
    await driven.monitor.close()


async def test_one_that_ran_for_real_later_is_a_success(sandbox: Running, tmp_path: Path) -> None:
    proven, pretended_again, without_result, without_end = (
        completed(sandbox, result) for result in (REAL["a text"], SIMULATED["a text"], "NULL", REAL["a text"])
    )
    for name in (proven, pretended_again, without_result, without_end):
        logged(sandbox, name, "dry_run")
        if name != without_end:
            logged(sandbox, name, "production")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
    assert (await told(driven, joined=True))[:2] == (await told(driven, joined=False))[:2] == (1, 3)
    now = datetime.now(UTC)
    read = await driven.parts.panel_reads.trends.finished(now - timedelta(hours=1), now + timedelta(minutes=1), "")
    await driven.monitor.close()
    assert [name for name, _, _ in read] == [proven]


async def test_without_a_join_the_same_is_found(sandbox: Running, tmp_path: Path) -> None:
    ids = [completed(sandbox, result) for _ in range(2) for result in (*REAL.values(), *SIMULATED.values())]
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = NULL WHERE id = %s", ids[3])
    for name in ids[::5]:
        for _ in range(15):
            logged(sandbox, name, "dry_run")
    for name in ids[::3]:
        for _ in range(15):
            logged(sandbox, name, "production")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path, observe=True).begin()
    assert await told(driven, joined=False) == await told(driven, joined=True)
    sandbox.limits(max_rows=40)  # it cuts the log rows off
    assert await told(driven, joined=False) == await told(driven, joined=True)
    sandbox.limits(max_rows=1000)
    await driven.monitor.close()


@ONE_SHAPE
async def test_a_join_that_takes_too_long_is_not_made_again(sandbox: Running, tmp_path: Path) -> None:
    logged(sandbox, completed(sandbox, "NULL"), "dry_run")
    completed(sandbox, "NULL")
    async with wire(sandbox.url) as between:
        driven = await Driven(between.url, sandbox.service_key, tmp_path, observe=True).begin()
        outcomes, now = driven.parts.panel_reads.outcomes, datetime.now(UTC)

        async def take_too_long(writer: asyncio.StreamWriter) -> None:
            driven.clock.advance(8)
            await answer(b'{"code": "57014", "message": "canceled"}', "500 Internal Server Error")(writer)

        between.once.append(("/rest/v1/autonomous_tasks?select=status%2Cpretended", take_too_long))
        with pytest.raises(Failed):
            await outcomes.success_rate(now - timedelta(days=1), now)
        between.seen.clear()
        rate = await outcomes.success_rate(now - timedelta(days=1), now)
        assert (rate.completed, (await outcomes.simulated(now - timedelta(days=1), now)).count) == (1, 1)
        assert not [one for one in between.seen if "autonomous_execution_logs%28" in one]
        await driven.monitor.close()


async def test_the_last_completed_is_the_last_that_was_done(sandbox: Running, tmp_path: Path) -> None:
    completed(sandbox, "NULL", "now() - interval '3 h'")
    completed(sandbox, SIMULATED["a text"])
    logged(sandbox, completed(sandbox, "NULL"), "dry_run")
    driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
    snapshot = driven.monitor.snapshot
    await driven.monitor.close()
    at = snapshot.tasks.last_completed_at.value
    assert at is not None
    assert snapshot.at - at > timedelta(hours=2)
    assert snapshot.state is State.IDLE


@ONE_SHAPE
async def test_an_alert_says_so_while_it_goes_on(sandbox: Running, tmp_path: Path) -> None:
    alarming = await Alarming(sandbox, tmp_path, AlertRules()).begin()
    await alarming.minutes(2)
    assert "simulated_work" not in {alert.rule for alert in alarming.alarms.firing()}
    completed(sandbox, SIMULATED["a message"])
    alarming.driven.parts.readings.make_all_due()
    await alarming.minutes(3)
    (alert,) = [alert for alert in alarming.alarms.firing() if alert.rule == "simulated_work"]
    assert alert.severity.value == "medium"
    assert "1 task in 24 h" in alert.text
    sandbox.sql("UPDATE autonomous_tasks SET completed_at = now() - interval '2 h'")
    alarming.driven.parts.readings.make_all_due()
    await alarming.minutes(4)
    gone = {alert.rule for alert in alarming.alarms.firing()}
    await alarming.close()
    assert "simulated_work" not in gone


def test_status_counts_them_apart(sandbox: Running, command: Command) -> None:
    completed(sandbox, "NULL")
    report = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert report["simulated_24h"] == 0
    completed(sandbox, SIMULATED["a text"])
    report = json.loads(command("status", "--json", sandbox=sandbox).stdout)
    assert (report["simulated_24h"], report["success_rate_24h"]["value"]) == (1, 100.0)
    assert (
        "simulated 24 h: 1, in dry-run: counted as completed, not as success"
        in command("status", sandbox=sandbox).stdout
    )


RESULT = "ALTER TABLE autonomous_tasks RENAME COLUMN result TO gone"
ENVIRONMENT = "ALTER TABLE autonomous_execution_logs RENAME COLUMN environment TO gone"


@pytest.mark.parametrize(
    ("dropped", "left"),
    [
        (RESULT, Telltale(environments=True)),
        (ENVIRONMENT, Telltale(results=True)),
        (f"{RESULT}; {ENVIRONMENT}", Telltale()),
    ],
    ids=["no result", "no environment", "neither"],
)
async def test_a_project_without_one_of_the_columns_goes_by_the_other(
    dropped: str, left: Telltale, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.sql(dropped)
    try:
        name = str(
            sandbox.sql(
                "INSERT INTO autonomous_tasks (description, status, completed_at)"
                " VALUES ('x', 'completed', now()) RETURNING id"
            )[0][0]
        )
        driven = await Driven(sandbox.url, sandbox.service_key, tmp_path).begin()
        if left.environments:
            logged(sandbox, name, "dry_run")
        if left.results:
            sandbox.sql(f"UPDATE autonomous_tasks SET result = {SIMULATED['a text']}")
        await driven.monitor.refresh(everything=True)
        telltale, tasks = driven.parts.panel_reads.schema.telltale, driven.monitor.snapshot.tasks
        await driven.monitor.close()
    finally:
        if not left.results:
            sandbox.sql("ALTER TABLE autonomous_tasks RENAME COLUMN gone TO result")
        if not left.environments:
            sandbox.sql("ALTER TABLE autonomous_execution_logs RENAME COLUMN gone TO environment")
    assert telltale == left
    assert tasks.success_24h.value is not None
    assert tasks.success_24h.value.completed == (0 if left.any else 1)
    assert tasks.simulated_24h.live is left.any
    assert (tasks.simulated_24h.value is None) is not left.any
