"""Silence must be provable: an empty answer is proof to a key that sees all, to nobody else unless rows are visible."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.actions.heal import CLEANING, HEAL
from core.domain.records import Task
from core.domain.status import Level
from core.domain.stuck import StuckRules, cutoff
from tests.actions.driving import ACTING, Watchdog, agents_write_logs, running, statuses
from tests.running import ONE_SHAPE, Running

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def writes(sandbox: Running, task: str, ago: str, step: str = "task_step") -> None:
    """A task, by its description, wrote a log row."""
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, {sandbox.time_column})"
        f" SELECT id, '{step}', 'started', now() - interval '{ago}' FROM autonomous_tasks WHERE description = %s",
        task,
    )


@pytest.fixture
async def one_task_shown(sandbox: Running) -> AsyncIterator[None]:
    """Row level security that shows a signed-in user the log rows of no task but `stuck 1`."""
    sandbox.sql(
        "CREATE POLICY shown ON autonomous_execution_logs AS RESTRICTIVE FOR SELECT USING (auth.role() <>"
        " 'authenticated' OR task_id IS NULL OR task_id IN"
        " (SELECT id FROM autonomous_tasks WHERE description = 'stuck 1'))"
    )
    yield
    sandbox.sql("DROP POLICY shown ON autonomous_execution_logs")


async def test_an_empty_log_is_proof_to_a_key_that_sees_all(sandbox: Running, tmp_path: Path) -> None:
    """Agents that never log at all: the seed's hour is over, so they are stuck."""
    running(sandbox, 5)
    sandbox.stuck(2)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    _, done = await driven.round()
    assert statuses(sandbox) == {"in_progress": 5, "failed": 2}, done
    await driven.monitor.close()


async def test_an_empty_log_is_no_proof_to_a_user_and_an_operator_may_heal_all_the_same(
    sandbox: Running, tmp_path: Path
) -> None:
    running(sandbox, 5)
    sandbox.stuck(2)
    driven = await Watchdog.as_("master", sandbox, tmp_path).begin()
    checkup, done = await driven.round()
    assert statuses(sandbox) == {"in_progress": 7}, done
    assert checkup.of("stuck_tasks").level is Level.WARNING
    assert checkup.of("stuck_tasks").text.startswith("2 of 7 running, longest ")
    assert (
        "; the logs are not visible to this account, so they are not healed automatically"
        in checkup.of("stuck_tasks").text
    )
    assert len(driven.monitor.snapshot.tasks.unproven) == 2
    assert driven.monitor.snapshot.tasks.stuck == ()
    plan = await driven.monitor.plan(HEAL)
    assert "the logs are not visible to this account: they may still be working" in plan.steps[0].effect
    result = await driven.monitor.run(HEAL, plan)
    assert (result.changed, statuses(sandbox)) == (2, {"in_progress": 5, "failed": 2})
    await driven.monitor.close()


@pytest.mark.usefixtures("one_task_shown")
async def test_silence_proves_nothing_of_a_task_whose_own_rows_are_not_visible(
    sandbox: Running, tmp_path: Path
) -> None:
    agents_write_logs(sandbox)
    running(sandbox, 5)
    sandbox.stuck(3)
    writes(sandbox, "stuck 2", "1 second")  # it lives, and who is signed in cannot see that
    driven = await Watchdog.as_("master", sandbox, tmp_path).begin()
    checkup, done = await driven.round()
    told = dict(sandbox.sql("SELECT description, status FROM autonomous_tasks WHERE description LIKE 'stuck%%'"))
    assert told == {"stuck 1": "failed", "stuck 2": "in_progress", "stuck 3": "in_progress"}, done
    assert (
        "the logs of 2 are not visible to this account, so they are not healed automatically"
        in checkup.of("stuck_tasks").text
    )
    plan = await driven.monitor.plan(HEAL)
    assert plan.steps[0].count == 2  # both are shown to the operator, who is told why nobody else touches them
    await driven.monitor.close()


async def test_the_watchdogs_own_rows_are_no_proof(sandbox: Running, tmp_path: Path) -> None:
    sandbox.stuck(1)
    writes(sandbox, "stuck 1", "1 hour", "watchdog_healing")
    driven = await Watchdog.as_("master", sandbox, tmp_path).begin()
    await driven.round()
    assert statuses(sandbox) == {"in_progress": 1}
    await driven.monitor.close()


async def test_a_row_of_the_future_is_no_sign_of_life(sandbox: Running, tmp_path: Path) -> None:
    """One row of a broken clock, and the task would never be stuck again."""
    running(sandbox, 5)
    sandbox.stuck(3)
    writes(sandbox, "stuck 1", "-3 years")
    writes(sandbox, "stuck 2", "-2 minutes")  # clocks differ a little
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (task_id, execution_step, step_status, {sandbox.time_column})"
        " SELECT id, 'x', 'started', 'infinity' FROM autonomous_tasks WHERE description = 'stuck 3'"
    )
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    told = dict(sandbox.sql("SELECT description, status FROM autonomous_tasks WHERE description LIKE 'stuck%%'"))
    assert told == {"stuck 1": "failed", "stuck 2": "in_progress", "stuck 3": "failed"}
    await driven.monitor.close()


def _old_rows(sandbox: Running) -> dict[str, int]:
    return dict(
        sandbox.sql(
            "SELECT coalesce(t.description, ''), count(*) FROM autonomous_execution_logs l LEFT JOIN autonomous_tasks t"
            f" ON t.id = l.task_id WHERE l.{sandbox.time_column} < now() - interval '30 days' GROUP BY 1"
        )
    )


@pytest.mark.parametrize("account", ACTING)
async def test_the_clean_up_never_deletes_the_newest_row_of_a_task_that_still_runs(
    account: str, sandbox: Running, tmp_path: Path
) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, created_at, estimated_duration_minutes) VALUES"
        " ('long', 'in_progress', now() - interval '40 days', now() - interval '40 days', 43200),"
        " ('begun again', 'in_progress', now(), now() - interval '60 days', NULL),"
        " ('over', 'completed', now() - interval '40 days', now() - interval '40 days', NULL)"
    )
    for task in ("long", "begun again", "over"):
        writes(sandbox, task, "35 days")
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        " VALUES ('task_started', 'started', now() - interval '35 days')"
    )
    driven = await Watchdog.as_(account, sandbox, tmp_path, autonomous=False).begin()
    plan = await driven.monitor.plan(HEAL, only=CLEANING)
    (step,) = plan.steps
    assert (step.name, step.count) == ("old_logs", 2)
    await driven.monitor.run(HEAL, plan)
    assert _old_rows(sandbox) == {"long": 1, "begun again": 1}
    assert (await driven.monitor.plan(HEAL, only=CLEANING)).empty  # what is kept is not planned again and again
    await driven.monitor.close()


async def test_where_too_many_run_to_be_named_no_row_of_any_task_is_deleted(sandbox: Running, tmp_path: Path) -> None:
    sandbox.sql(
        "INSERT INTO autonomous_tasks (description, status, started_at, created_at, estimated_duration_minutes)"
        " SELECT 'r', 'in_progress', now() - interval '40 days', now() - interval '40 days', 43200"
        " FROM generate_series(1, 101)"
    )
    writes(sandbox, "r", "35 days")
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        " VALUES ('other', 'started', now() - interval '35 days')"
    )
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path, autonomous=False).begin()
    await driven.monitor.run(HEAL, await driven.monitor.plan(HEAL, only=CLEANING))
    assert _old_rows(sandbox) == {"r": 101}
    await driven.monitor.close()


@ONE_SHAPE
async def test_our_own_clean_up_does_not_end_healing(sandbox: Running, tmp_path: Path) -> None:
    """Agents that wrote their last row 31 days ago: the clean-up deletes it, and healing goes on."""
    sandbox.sql(
        f"INSERT INTO autonomous_execution_logs (execution_step, step_status, {sandbox.time_column})"
        " VALUES ('task_started', 'started', now() - interval '31 days')"
    )
    running(sandbox, 5)
    sandbox.stuck(1)
    driven = await Watchdog(sandbox.url, sandbox.service_key, tmp_path).begin()
    await driven.round()
    await driven.autopilot.heals.cleaned()
    assert _old_rows(sandbox) == {}
    sandbox.stuck(1)
    await driven.round()
    assert statuses(sandbox).get("failed") == 2
    await driven.monitor.close()


def _task(estimate: int | None) -> Task:
    return Task(id="t", task_type="", description="", status="in_progress", estimated_minutes=estimate)


@pytest.mark.parametrize("estimate", [2**31 - 1, 2**63 - 1, 355_000_000, 43_201])
def test_no_estimate_counts_for_more_than_thirty_days(estimate: int) -> None:
    assert NOW - cutoff(_task(estimate), NOW, StuckRules()) == timedelta(days=90)


@pytest.mark.parametrize("estimate", [None, 0, -5, -(2**63)])
def test_no_estimate_makes_a_task_overdue_within_the_hour(estimate: int | None) -> None:
    assert NOW - cutoff(_task(estimate), NOW, StuckRules()) == timedelta(hours=1)


def test_settings_without_bounds_end_nothing() -> None:
    assert cutoff(_task(5), NOW, StuckRules(after_s=1e300, estimate_factor=1e300)).year == 2025
